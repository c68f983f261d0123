/** The deployed proof: `npm run test:deploy`. Deploys the stack into an emulator on loopback, lets leaks be reported, and holds Rescind's word against the truth. */
import { Halted, makeChecks } from './checks.ts';
import { logFile } from './places.ts';
import { prove } from './prove.ts';
import { undoAtTheEnd } from './undo.ts';

const undo = undoAtTheEnd();
const checks = makeChecks();
try {
  await prove(checks, undo);
} catch (error) {
  if (error instanceof Halted) checks.say(`nothing else was tried, since this is needed for it: ${error.message}`);
  else {
    checks.failed += 1;
    checks.say(`FAILED for a reason of the script's own: ${error instanceof Error ? error.stack : String(error)}`);
  }
} finally {
  await undo.run();
}
if (checks.failed > 0) console.log(`what the emulator and the functions said: ${logFile}`);
console.log(`${checks.passed} passed, ${checks.failed} failed`);
process.exitCode = checks.failed === 0 ? 0 : 1;
