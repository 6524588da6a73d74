import { nodeReaderRoot } from "./support/reader-root";
import { runWithFiles, type RootFile } from "./support/root-process";

/** Runs the program that a rendered file is for, as it is in the prepared template, on that file. */
export { runWithFiles as realReader, type RootFile } from "./support/root-process";

/** The same with the programs of the node template. */
export const nodeReader = (files: readonly RootFile[], command: readonly string[]) =>
  runWithFiles(files, command, nodeReaderRoot);
