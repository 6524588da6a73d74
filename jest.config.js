/**
 * `unit` runs anywhere in seconds; `lab` drives a running lab and needs root on Linux. `soak` repeats what `lab` does once:
 * `npm run soak` says how often.
 */
const shared = {
  testEnvironment: "node",
  transform: { "^.+\\.ts$": "ts-jest" },
  modulePathIgnorePatterns: ["<rootDir>/bin/", "<rootDir>/.lab/"],
};
module.exports = {
  // A test fails by what it sees: on a machine that is busy with something else, seconds say nothing.
  testTimeout: 60_000,
  reporters: ["default", "<rootDir>/test/case-reporter.js"],
  projects: [
    {
      ...shared,
      displayName: "unit",
      testMatch: ["<rootDir>/test/**/*.test.ts"],
      testPathIgnorePatterns: ["/node_modules/", "<rootDir>/test/e2e/"],
    },
    { ...shared, displayName: "lab", testMatch: ["<rootDir>/test/e2e/**/*.test.ts"] },
    { ...shared, displayName: "soak", testMatch: ["<rootDir>/test/soak/region.soak.ts"] },
  ],
};
