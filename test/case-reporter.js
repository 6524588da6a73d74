const { basename } = require("node:path");

// Says how each test of the lab ended when it ends: one file takes minutes, and jest alone would be silent until its end.
class CaseReporter {
  onTestCaseResult(test, result) {
    if (test.context.config.displayName?.name !== "lab") return;
    if (result.status !== "passed" && result.status !== "failed") return;
    const seconds = ((result.duration ?? 0) / 1000).toFixed(1);
    const file = basename(test.path, ".test.ts");
    const ended = result.status === "passed" ? "ok" : "FAILED";
    process.stderr.write(`${file} ${ended} (${seconds} s) ${result.fullName}\n`);
    for (const message of result.failureMessages) process.stderr.write(`${message}\n`);
  }
}
module.exports = CaseReporter;
