import type { Line } from '../../functions/core/case.ts';
import { sentenceOf, whatOf } from '../../functions/core/story.ts';
import type { Sent } from '../stories/sent.ts';
import type { Paint, Tone } from './paint.ts';
import { hang, plainText } from './wrap.ts';

/** One thing that happened, as the screen shows it. */
export interface Shown {
  what: string;
  text: string;
  tone: Tone;
}

/** What the screen shows of a line of a case; undefined for what only a machine needs. */
export const shownOf = (line: Line): Shown | undefined => {
  const shown = (tone: Tone, what = whatOf(line), text = sentenceOf(line)): Shown => ({ what, text, tone });
  switch (line.kind) {
    case 'intent':
    case 'noted':
      return undefined;
    case 'opened':
    case 'joined':
    case 'matched':
      return shown('news');
    case 'started':
      return line.attempt === 1 ? undefined : shown('doubt');
    case 'planned':
      return shown(line.plan.decision === 'act' ? 'plain' : line.plan.decision === 'ask' ? 'doubt' : 'faint');
    case 'acted':
      if (line.acted.result === 'pending') return undefined;
      return line.acted.result === 'refused' ? shown('bad') : line.acted.result === 'ask' ? shown('doubt', 'in doubt') : shown('act');
    case 'probed':
      return shown({ dead: 'good', alive: 'bad', unknown: 'doubt' }[line.probed.verdict] as Tone);
    case 'outcome':
      return shown(line.outcome.green ? 'good' : 'bad', line.outcome.outcome, line.outcome.how);
    case 'concluded':
      return line.status === 'not-contained' ? shown('bad', 'red', `not contained: ${line.note}`) : undefined;
    case 'closed':
      return shown(line.reason === 'contained' ? 'good' : 'faint');
    case 'reported':
      return line.to === 'ledger' ? undefined : shown('faint');
    case 'asked':
    case 'answered':
      return shown('doubt');
    case 'throttled':
    case 'failed':
    case 'lookup-failed':
    case 'unmatched':
      return shown('doubt');
  }
};

/** A case's id as the screen shows it: enough to tell the cases of one screen apart. */
export const shortId = (caseId: string): string => caseId.slice(0, 8);

const whatWidth = 11;
const prefixWidth = 8 + 2 + 8 + 2 + whatWidth + 2;

const row = (seconds: number, id: string, { what, text, tone }: Shown, paint: Paint, width: number): string[] => {
  const prefix = `${paint('faint', `${seconds.toFixed(1)} s`.padStart(8))}  ${id.padEnd(8)}  ${paint(tone, what.padEnd(whatWidth))}  `;
  return hang(prefix, prefixWidth, text, width);
};

/** A line of a case for the screen: when, which case, what, and in words. None where it shows nothing. */
export const timelineRows = (caseId: string, line: Line, seconds: number, paint: Paint, width: number): string[] => {
  const shown = shownOf(line);
  return shown ? row(seconds, shortId(caseId), shown, paint, width) : [];
};

/** That a report was sent, and what was answered. */
export const sentRows = ({ name, source, status, delivery, error }: Sent, seconds: number, paint: Paint, width: number): string[] => {
  const path = source === 'aws-events' ? '/aws-events' : `/triggers/${source}`;
  const answer = delivery === undefined ? `${status || 'no answer'}${error ? `, ${error}` : ''}` : `${status}, delivery ${delivery}`;
  return row(seconds, '→', { what: 'sent', text: `"${name}": POST ${path}, answered ${plainText(answer)}`, tone: delivery === undefined ? 'bad' : 'strong' }, paint, width);
};

/** That a message at the front door was turned away. */
export const refusedRows = (source: string, status: number, reason: string, seconds: number, paint: Paint, width: number): string[] =>
  row(seconds, '→', { what: 'turned away', text: `${source}: ${status}, ${reason}`, tone: 'bad' }, paint, width);
