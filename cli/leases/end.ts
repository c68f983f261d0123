import type { LeaseView } from '../../functions/core/lease-view.ts';
import type { Conversation } from '../conversation.ts';
import { Failure, exitCodes, wrongUsage } from '../failure.ts';
import { jsonText, shown } from '../screen.ts';
import { clockTime } from '../times.ts';
import { isOver, leaseId, runText, viewIn } from './answers.ts';
import { waitForEnd } from './wait.ts';

/** How a lease is to be ended. */
export interface Ending {
  reason?: string;
  /** Seconds for which its end is awaited; absent: not at all. */
  wait?: number;
  /** Without a question. */
  yes?: boolean;
}

type Told = { answer: Record<string, unknown>; lease: LeaseView };

const mostReason = 500;

const reasonIn = (reason: string | undefined, id: string): string => {
  const text = reason?.trim() ?? '';
  if (text === '') throw wrongUsage(`say why: the ledger keeps it. rescind leases end ${id} --reason "the runner was lost"`);
  if (text.length > mostReason) throw wrongUsage(`--reason has ${text.length} characters; at most ${mostReason} are kept`);
  return text;
};

/** `rescind leases end`: asks to end a lease, and with `wait` sees whether it dies. */
export const endLease = async (typed: string, { reason: why, wait, yes }: Ending, conversation: Conversation): Promise<number> => {
  const { ask, base, json, around, out, err } = conversation;
  const id = leaseId(typed);
  const reason = reasonIn(why, id);
  const told = (answer: Record<string, unknown>): Told => ({ answer, lease: viewIn(answer, base) });
  const look = async (): Promise<Told> => told(await ask({ method: 'GET', path: `/leases/${id}` }));

  if (around.ask && !yes) {
    const { lease } = await look();
    if (!isOver(lease)) await confirmed(lease, conversation);
  }
  const asked = told(await ask({ method: 'POST', path: `/leases/${id}/revoke`, body: { reason } }));
  const wasOver = isOver(asked.lease);
  if (!wasOver && wait !== undefined) err.print(`asked to end ${id}: ${shown(asked.lease.credential)}`);

  const last = wasOver || wait === undefined ? asked : await waitForEnd(asked, wait, look, conversation);
  if (json) around.out.write(jsonText(last.answer));
  else if (wasOver || wait !== undefined) out.print(standing(last.lease, id));
  else out.print(`asked to end ${id}: ${shown(asked.lease.credential)}, lent to ${runText(asked.lease)}. "rescind leases show ${id}" tells when it is dead; --wait waits for it.`);
  return wait === undefined || last.lease.status === 'released' ? exitCodes.done : exitCodes.notReleased;
};

const confirmed = async (lease: LeaseView, { around, err }: Conversation): Promise<void> => {
  err.print(`${shown(lease.id)} is ${shown(lease.status)}: ${shown(lease.credential)}, lent to ${runText(lease)} until ${clockTime(shown(lease.expiresAt))}`);
  const answer = await around.ask?.('Take it back now? The run loses it at once. [y/N] ', around.signal);
  around.signal.throwIfAborted();
  if (!/^\s*y(es)?\s*$/i.test(answer ?? '')) throw new Failure('nothing was done (--yes ends it without a question)');
};

/** In a sentence: what became of it, and what follows from that. */
const standing = ({ status, note, with: others, endedAt, dueAt }: LeaseView, id: string): string => {
  const detail = note ? `: ${shown(note)}` : '';
  switch (status) {
    case 'released':
      return `released${endedAt ? ` (over since ${clockTime(shown(endedAt))})` : ''}: dead${detail}`;
    case 'pending-revocation':
      return `not dead yet${detail}. It is tried again${dueAt ? ` at ${clockTime(shown(dueAt))} at the latest` : ''}, without you: "rescind leases show ${id}" tells how it goes.`;
    case 'active':
      return `nobody has taken it up yet: "rescind leases show ${id}" tells when it is.`;
    case 'handed-on':
      return `handed on: the credential is alive, since it is also lent under ${(others ?? []).map(shown).join(', ') || 'another lease'}. It dies with the last of them.`;
    case 'shared':
      return `shared: never cut, since other runs may have it${detail}`;
    case 'observed':
      return 'observed: the installation is in mode observe, nothing was touched. The credential is alive.';
    case 'refused':
      return `refused: it was never lent${detail}`;
    default:
      return shown(status);
  }
};
