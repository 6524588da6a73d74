// Says how each test of the lab ended when it ends: one file takes minutes, and jest alone would be silent until its end.
class CaseReporter {
  onTestCaseResult(test, result) {
    if (test.context.config.displayName?.name !== "lab") return;
    if (result.status !== "passed" && result.status !== "failed") return;
    const seconds = ((result.duration ?? 0) / 1000).toFixed(1);
    process.stderr.write(`${result.status === "passed" ? "ok" : "FAILED"} (${seconds} s) ${result.fullName}\n`);
    for (const message of result.failureMessages) process.stderr.write(`${message}\n`);
  }
}
module.exports = CaseReporter;
