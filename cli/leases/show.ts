import type { Caller, Ending } from '../../functions/core/lease.ts';
import type { LeaseView } from '../../functions/core/lease-view.ts';
import { hang } from '../../local/terminal/wrap.ts';
import type { Conversation } from '../conversation.ts';
import { exitCodes } from '../failure.ts';
import { jsonText, shown, type Screen } from '../screen.ts';
import { clockTime, fromNow, lengthInWords } from '../times.ts';
import { leaseId, runText, toneOf, viewIn } from './answers.ts';

const labelWidth = 14;

/** A time in words, and seen from now. */
const when = (time: string | undefined, now: number): string => (time === undefined ? '' : `${clockTime(shown(time))} (${fromNow(time, now)})`);

const callerText = ({ subject, issuer, as, repository, workflow, actor, address }: Caller): string =>
  [
    `${shown(subject)} (${shown(issuer)})`,
    ...([['as', as], ['repository', repository], ['workflow', workflow], ['actor', actor], ['from', address]] as const).map(([name, value]) => (value ? `${name} ${shown(value)}` : '')),
  ].filter(Boolean).join(', ');

const kinds: Record<Ending['kind'], string> = {
  'run-ended': 'its run ended', expired: 'its time was over', 'by-holder': 'its holder gave it back', 'by-operator': 'an operator ended it', 'run-was-over': 'the run was over when it was registered',
};

const endingText = ({ kind, state, source, by, reason }: Ending): string =>
  [kinds[kind] ?? shown(kind), state && `state ${shown(state)}`, source && `says ${shown(source)}`, by && `by ${callerText(by)}`, reason && `reason: ${shown(reason)}`].filter(Boolean).join(', ');

const factsOf = (lease: LeaseView, now: number): [label: string, text: string][] => [
  ['credential', shown(lease.credential)],
  ['lent to', runText(lease)],
  ['owner', shown(lease.owner)],
  ['reason', shown(lease.reason)],
  ['registered', when(lease.registeredAt, now)],
  ['by', lease.by ? callerText(lease.by) : ''],
  ['expires', when(lease.expiresAt, now)],
  ['at most until', when(lease.maximumAt, now)],
  ['job role', lease.jobRole ? "taken from the platform's own event" : ''],
  ['ended', when(lease.endedAt, now)],
  ['because', lease.ending ? endingText(lease.ending) : ''],
  ['pending', typeof lease.pendingSeconds === 'number' ? `for ${lengthInWords(lease.pendingSeconds)}` : ''],
  ['tried', lease.tries > 0 ? `${lease.tries} ${lease.tries === 1 ? 'time' : 'times'}` : ''],
  ['again at', when(lease.dueAt, now)],
  ['known by', lease.basis === 'value' ? 'its value, which was refused' : lease.basis === 'record' ? "its issuer's own record" : ''],
  ['note', shown(lease.note)],
  ['loose', Array.isArray(lease.loose) ? lease.loose.map(shown).join(', ') : ''],
  ['also with', Array.isArray(lease.with) ? lease.with.map(shown).join(', ') : ''],
  ['case', shown(lease.case)],
  ['chain', Array.isArray(lease.timeline) ? shown(lease.timeline.at(-1)?.hash) : ''],
];

/** Everything about one lease, for a person. */
export const leaseLines = (lease: LeaseView, { paint, width }: Screen, now: number): string[] => {
  const labelled = (label: string, text: string): string[] => hang(`  ${paint('faint', label.padEnd(labelWidth))}  `, labelWidth + 4, text, width);
  const entries = (Array.isArray(lease.timeline) ? lease.timeline : []).flatMap(({ at, what, text }) => {
    const prefix = `  ${paint('faint', clockTime(shown(at)).padEnd(23))}  ${shown(what).padEnd(10)}  `;
    return hang(prefix, 39, shown(text), width);
  });
  return [
    `${paint('strong', shown(lease.id))}  ${paint(toneOf(lease.status), shown(lease.status))}`,
    ...factsOf(lease, now).flatMap(([label, text]) => (text === '' ? [] : labelled(label, text))),
    ...(entries.length > 0 ? ['', ...entries] : []),
  ];
};

/** `rescind leases show`: one lease with its timeline. */
export const showLease = async (id: string, { ask, base, json, around, out }: Conversation): Promise<number> => {
  const answer = await ask({ method: 'GET', path: `/leases/${leaseId(id)}` });
  const lease = viewIn(answer, base);
  if (json) around.out.write(jsonText(answer));
  else out.print(...leaseLines(lease, out, around.now()));
  return exitCodes.done;
};
