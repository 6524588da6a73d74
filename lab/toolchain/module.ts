import { run } from "../run";

/**
 * The folder of a Go module that a module of ours requires, at the version that its go.mod pins; fetches it where the
 * machine's module cache lacks it. `directory` holds the go.mod, `env` is `goEnvironment`'s.
 */
export async function moduleFolder(directory: string, goModule: string, env: NodeJS.ProcessEnv): Promise<string> {
  // `go list` knows the folder of a module only once it was fetched.
  await run(["go", "mod", "download", goModule], { cwd: directory, env });
  const list = ["go", "list", "-mod=readonly", "-m", "-f", "{{.Dir}}", goModule];
  return (await run(list, { cwd: directory, env })).stdout.trim();
}
