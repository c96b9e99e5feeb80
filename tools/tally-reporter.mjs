/**
 * A Vitest reporter that writes what `npm test` adds up: `{passed, failed: [name], skipped: [{name, reason}]}` to the file in
 * HAWSER_TALLY. Faults outside a test (a file that does not load, an unhandled rejection) count as failed.
 */
import { writeFileSync } from "node:fs";
import { relative } from "node:path";

export default class TallyReporter {
  onTestRunEnd(modules, unhandledErrors) {
    const tally = { passed: 0, failed: [], skipped: [] };
    for (const module of modules) {
      const file = relative(process.cwd(), module.moduleId);
      if (module.errors().length > 0) tally.failed.push(file);
      for (const suite of module.children.allSuites()) if (suite.errors().length > 0) tally.failed.push(`${file} > ${suite.fullName}`);
      for (const test of module.children.allTests()) {
        const name = `${file} > ${test.fullName}`;
        const result = test.result();
        if (result.state === "passed") tally.passed++;
        else if (result.state === "skipped") tally.skipped.push({ name, reason: result.note ?? "no reason given" });
        else tally.failed.push(name);
      }
    }
    for (const error of unhandledErrors) tally.failed.push(`unhandled: ${error.message}`);
    writeFileSync(process.env.HAWSER_TALLY, JSON.stringify(tally));
  }
}
