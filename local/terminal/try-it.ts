import { relative } from 'node:path';
import type { CaseView } from '../../functions/core/case-view.ts';
import type { LeaseView } from '../../functions/core/lease-view.ts';
import type { Remaining } from '../stories/table.ts';
import type { WorldSample } from '../world/world.ts';
import type { Paint } from './paint.ts';

export interface Trying {
  url: string;
  cases: readonly CaseView[];
  leases: readonly LeaseView[];
  remaining: readonly Remaining[];
  samples: readonly WorldSample[];
  /** Where the person stands: files are named from there. */
  folder: string;
}

const post = (body: object): string => `-H 'x-rescind-caller: you' -d '${JSON.stringify(body)}'`;

/** A path as a shell takes it. */
const quoted = (path: string): string => (/^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`);

const invitations = ({ url, cases, leases, remaining, samples, folder }: Trying): [about: string, command: string][] => {
  const first = cases.find(({ status }) => status === 'contained') ?? cases[0];
  const question = remaining.find(({ kind }) => kind === 'approve');
  const lent = leases.find(({ status }) => status === 'active');
  const [lease] = leases;
  const red = cases.find(({ status }) => status === 'not-contained');
  return [
    ['all cases, newest first', `curl -s ${url}/cases`],
    ...(first ? [['one of them, with its whole story', `curl -s ${url}/cases/${first.id}`] as [string, string]] : []),
    ...(lease ? [['what was lent to which run, and what became of it', `curl -s ${url}/leases`], ['one lease, with its whole story', `curl -s ${url}/leases/${lease.id}`]] as [string, string][] : []),
    ...(lent ? [['end a lease, with a reason', `curl -s ${url}/leases/${lent.id}/revoke ${post({ reason: 'the run hangs' })}`] as [string, string]] : []),
    ['the truth: what opens at this moment', `curl -s ${url}/world/credentials`],
    ...samples.map(({ source, file, about }): [string, string] => {
      const path = quoted(relative(folder, file));
      return [`${about}; the world signs for the sender`, `curl -s --data-binary @${path} ${url}/world/sign/${source} | curl -s -H @- --data-binary @${path} ${url}/triggers/${source}`];
    }),
    ...(question ? [['answer the open question (or "approve", and see it act)', `curl -s ${url}/tasks/${question.task} ${post({ answer: 'reject', reason: 'the characters beside the id are invented' })}`] as [string, string]] : []),
    ...(red ? [['close a red case, with a reason', `curl -s ${url}/cases/${red.id}/close ${post({ reason: 'dealt with by hand' })}`] as [string, string]] : []),
    ['a report that nobody signed is turned away', `curl -s -d '{}' ${url}/triggers/${samples[0]?.source ?? 'trufflehog'}`],
  ];
};

/** Commands to paste, each below what it does. None of them holds a secret. */
export const tryLines = (trying: Trying, paint: Paint): string[] => [
  paint('strong', `It stays up at ${trying.url}; Ctrl-C stops it. To try:`),
  ...invitations(trying).flatMap(([about, command]) => [paint('faint', `  # ${about}`), `  ${command}`]),
];
