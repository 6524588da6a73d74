/** PowerShell as Windows' SSH server takes it: one command line that no shell in between can misread. */

/** cmd.exe, Windows' default shell of SSH sessions, reads no longer line. */
const longestLine = 8191;

/** Text as PowerShell takes it literally (about_Quoting_Rules). */
export const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/**
 * The command line that runs a script (about_PowerShell_exe, -EncodedCommand: base64 of UTF-16LE). The first error ends it:
 * its message goes to standard error and the exit code is 1. Throws where the line would be too long for cmd.exe.
 */
export function powershellCommand(script: readonly string[]): string {
  const text = [
    "$ErrorActionPreference = 'Stop'",
    "$ProgressPreference = 'SilentlyContinue'",
    "try {",
    ...script,
    "} catch {",
    // Not Write-Error: it wraps lines at 80 columns and prints where the script stands, which nobody has.
    "[Console]::Error.WriteLine($_.Exception.Message)",
    "exit 1",
    "}",
    "",
  ].join("\n");
  const encoded = Buffer.from(text, "utf16le").toString("base64");
  // Text: or errors come as CLIXML where standard error is no console.
  const line = `powershell.exe -NoLogo -NoProfile -NonInteractive -OutputFormat Text -EncodedCommand ${encoded}`;
  if (line.length > longestLine) {
    throw new Error(
      `a PowerShell command of ${line.length} characters for ${script[0] ?? ""}: cmd.exe takes ${longestLine}; use shorter names`,
    );
  }
  return line;
}
