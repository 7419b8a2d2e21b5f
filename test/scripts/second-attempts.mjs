/** Names the tests that passed at their second attempt: each is a test, or a program, that is not reliable. */
// biome-ignore lint/style/noDefaultExport: Vitest loads a reporter by its default export.
export default class SecondAttempts {
  onTestCaseResult(testCase) {
    const { retryCount = 0 } = testCase.diagnostic() ?? {}
    if (retryCount > 0 && testCase.result().state === 'passed') {
      process.stdout.write(`passed at the second attempt: ${testCase.module.relativeModuleId} > ${testCase.fullName}\n`)
    }
  }
}
