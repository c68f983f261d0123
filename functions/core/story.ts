import type { Entry, Line } from './case.ts';

/** The short name of what happened, as timelines show it. */
export const whatOf = (entry: Entry): string => {
  switch (entry.kind) {
    case 'opened':
      return 'received';
    case 'joined':
      return 'joined';
    case 'planned':
      return { act: 'planned', ask: 'in doubt', observe: 'observed', record: 'recorded' }[entry.plan.decision];
    case 'intent':
    case 'noted':
      return `${entry.verb}…`;
    case 'acted':
      return entry.acted.result === 'pending' ? `${entry.verb}…` : entry.acted.result === 'refused' ? 'refused' : { contain: 'contained', rotate: 'rotated', revoke: 'revoked' }[entry.verb];
    default:
      return entry.kind;
  }
};

/** One sentence about a line, for a person. Holds no value, since no line does. */
export const sentenceOf = (entry: Entry): string => {
  switch (entry.kind) {
    case 'opened':
    case 'joined': {
      const { source, kind, where, claim, caution, trigger } = entry.report;
      if (trigger) return `${kind}${where ? `, lent to ${where}` : ''}`;
      return `${source}: ${kind || 'a secret'}${where ? ` at ${where}` : ''} (${claim}${caution ? `, marked as ${caution}` : ''})`;
    }
    case 'matched':
      return `${entry.credential}, by ${{ value: 'its value', issuer: "its issuer's word", lease: 'its lease', name: 'its name alone' }[entry.proof]}; ${entry.copies} ${entry.copies === 1 ? 'copy' : 'copies'} known${entry.owner ? `; owner ${entry.owner}` : ''}`;
    case 'unmatched':
    case 'lookup-failed':
      return entry.note;
    case 'started':
      return `attempt ${entry.attempt}: ${entry.why}`;
    case 'planned':
      return `${entry.plan.steps.map((step) => (step.verb === 'probe' && step.purpose !== 'death' ? 'try the reported value' : step.verb)).join(', ') || 'nothing to do'}${entry.plan.reasons.length > 0 ? ` (${entry.plan.reasons.join('; ')})` : ''}`;
    case 'asked':
      return `${entry.task.owner} (${entry.task.contact}) until ${entry.task.deadline}: ${entry.task.question}`;
    case 'answered':
      return `${entry.answer} by ${entry.by}: ${entry.reason}`;
    case 'intent':
      return 'about to';
    case 'noted':
      return `noted ${Object.keys(entry.fact).join(', ')}`;
    case 'acted':
      return entry.acted.result === 'refused' ? `${entry.acted.reason}. Meanwhile: ${entry.acted.meanwhile}` : entry.acted.result === 'ask' ? entry.acted.question : entry.acted.note;
    case 'probed':
      return `${entry.probed.verdict} (${entry.probed.basis === 'value' ? 'the old value was used' : "its issuer's record was read"}${entry.probed.verdict === 'dead' ? `, control ${entry.probed.control ? 'accepted' : 'missing'}` : ''}): ${entry.probed.note}`;
    case 'throttled':
      return `${entry.service} ${entry.operation} was throttled (${entry.error}) and asked again`;
    case 'failed':
      return `${entry.step} failed (${entry.error}); it is tried again`;
    case 'outcome':
      return `${entry.outcome.credential} is ${entry.outcome.outcome}: ${entry.outcome.how}`;
    case 'concluded':
      return `${entry.status}: ${entry.note}`;
    case 'reported':
      return `to the ${entry.to}`;
    case 'closed':
      return `by ${entry.by}: ${entry.reason}`;
  }
};

/** A line as the API shows it. */
export const timelineEntryOf = (line: Line): { n: number; at: string; what: string; text: string; hash: string } => ({ n: line.n, at: line.at, what: whatOf(line), text: sentenceOf(line), hash: line.hash });
