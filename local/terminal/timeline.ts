import type { Line } from '../../functions/core/case.ts';
import { sentenceOf, whatOf } from '../../functions/core/story.ts';
import { isAccepted, type Sent } from '../stories/sent.ts';
import type { Paint, Tone } from './paint.ts';
import { hang, plainText } from './wrap.ts';

/** One thing that happened, as the screen shows it. */
export interface Shown {
  what: string;
  text: string;
  tone: Tone;
}

const minutes = (time: string): string => `${time.replace('T', ' ').slice(0, 16)} UTC`;

const copiesOf = (line: Extract<Line, { kind: 'acted' }>): string => {
  const names = 'replaced' in line.acted ? [...new Set((line.acted.replaced ?? []).map(({ name }) => name))] : [];
  return names.length > 0 ? ` (${names.join(', ')})` : '';
};

/**
 * What the screen shows of a line of a case; undefined for what only a machine needs. `said` is what the lines before it
 * have said already: a reason is told once.
 */
export const shownOf = (line: Line, said: readonly string[] = []): Shown | undefined => {
  const once = (text: string): string => said.reduce((left, known) => left.replace(`: ${known}`, ''), text);
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
      if (line.acted.result === 'refused') return shown('bad');
      return line.acted.result === 'ask' ? shown('doubt', 'in doubt') : shown('act', whatOf(line), sentenceOf(line) + copiesOf(line));
    case 'probed':
      return shown(tones[line.probed.verdict]);
    case 'outcome':
      return shown(line.outcome.green ? 'good' : 'bad', line.outcome.outcome, said.includes(line.outcome.how) ? 'its provider will not take it back' : once(line.outcome.how));
    case 'concluded':
      return line.status === 'not-contained' ? shown('bad', 'red', `${once(`not contained: ${line.note}`)}; it stays red until a person closes it`) : undefined;
    case 'closed':
      return shown(line.reason === 'contained' ? 'good' : 'faint');
    case 'reported':
      return line.to === 'ledger' ? undefined : shown('faint');
    case 'asked':
      return shown('doubt', 'asked', once(`${line.task.owner} (${line.task.contact}), until ${minutes(line.task.deadline)}: ${line.task.question}`));
    case 'answered':
    case 'throttled':
    case 'failed':
    case 'lookup-failed':
    case 'unmatched':
      return shown('doubt');
  }
};

const tones = { dead: 'good', alive: 'bad', unknown: 'doubt' } as const;

/** What a line has said that later ones say again. */
const sayingOf = (line: Line): string[] => {
  if (line.kind === 'planned') return line.plan.reasons;
  if (line.kind === 'probed') return [line.probed.note];
  if (line.kind === 'outcome') return [line.outcome.how];
  return line.kind === 'acted' && line.acted.result === 'refused' ? [sentenceOf(line)] : [];
};

/** A case's id as the screen shows it: enough to tell the cases of one screen apart. */
export const shortId = (caseId: string): string => caseId.slice(0, 8);

const whatWidth = 11;
const prefixWidth = 8 + 2 + 8 + 2 + whatWidth + 2;

/** One row of the timeline: when, about what, and in words; its further lines under its first. */
export const timelineRow = (seconds: number, id: string, { what, text, tone }: Shown, paint: Paint, width: number): string[] => {
  const prefix = `${paint('faint', `${seconds.toFixed(1)} s`.padStart(8))}  ${id.padEnd(8)}  ${paint(tone, what.padEnd(whatWidth))}  `;
  return hang(prefix, prefixWidth, text, width);
};

/** Tells the lines of cases as they come: when, which case, what, and in words. A line that shows nothing gives no rows. */
export const timelineOf = (paint: Paint, width: number): ((caseId: string, line: Line, seconds: number) => string[]) => {
  const said = new Map<string, string[]>();
  return (caseId, line, seconds) => {
    const before = said.get(caseId) ?? [];
    const shown = shownOf(line, before);
    said.set(caseId, [...new Set([...before, ...sayingOf(line)])].sort((a, b) => b.length - a.length));
    return shown ? timelineRow(seconds, shortId(caseId), shown, paint, width) : [];
  };
};

/** That a report was sent, and what was answered. */
export const sentRows = (sent: Sent, seconds: number, paint: Paint, width: number): string[] => {
  const { name, source, status, error, path = `/triggers/${source}` } = sent;
  const answer = `${status || 'no answer'}${error ? `, ${plainText(error)}` : ''}`;
  return timelineRow(seconds, '→', { what: 'sent', text: `"${name}" to ${path}: ${answer}`, tone: isAccepted(sent) ? 'strong' : 'bad' }, paint, width);
};

/** That a report came again which had led to these cases before. */
export const repeatRows = (cases: readonly string[], seconds: number, paint: Paint, width: number): string[] =>
  timelineRow(seconds, '→', { what: 'sent again', text: `known already: ${cases.map(shortId).join(', ')}`, tone: 'faint' }, paint, width);

/** That a message at the front door was turned away. */
export const refusedRows = (source: string, status: number, reason: string, seconds: number, paint: Paint, width: number): string[] =>
  timelineRow(seconds, '→', { what: 'turned away', text: `${source}: ${status}, ${reason}`, tone: 'bad' }, paint, width);
