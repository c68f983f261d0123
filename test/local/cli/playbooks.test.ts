import { expect, test } from 'vitest';
import { optionsOf, UsageError } from '../../../local/cli/options.ts';
import { playbooks } from '../../../local/cli/playbooks.ts';

const forever = new AbortController().signal;

test('a process that cannot synthesize is named with what it said', async () => {
  await expect(playbooks(forever, '/nowhere/print.ts')).rejects.toThrow(/the playbooks could not be synthesized[^]*Cannot find module/);
});

test('stopping ends the synthesis with the reason for stopping', async () => {
  await expect(playbooks(AbortSignal.abort(new Error('stopped')))).rejects.toThrow('stopped');
});

test('the command line is read, and what it does not know is refused', () => {
  expect(optionsOf(['--once', '--json', '--port', '0', '--data', 'd', '--mode', 'observe'])).toMatchObject({ once: true, json: true, port: 0, data: 'd', mode: 'observe', help: false });
  expect(optionsOf([])).toMatchObject({ once: false, json: false, port: 8750, data: undefined, mode: undefined });
  for (const wrong of [['--port', '70000'], ['--port', '-1'], ['--port='], ['--data', ''], ['--mode', 'Enforce'], ['extra'], ['--world']]) expect(() => optionsOf(wrong), wrong.join(' ')).toThrow(UsageError);
});
