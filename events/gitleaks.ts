import { jsonValue } from './body.ts';
import { leaksOf, reportText, type Finding } from './ci-report.ts';
import { countAt, publicLink, rawText, textAt } from './fields.ts';
import { standardWebhooksSignature } from './signatures.ts';
import type { Parsed, WebhookRequest, WebhookSource } from './trigger.ts';

/** `--redact` leaves nothing of a secret, `--redact=n` its beginning and three dots. Neither can be matched. */
const isRedacted = (secret: string, match: string): boolean =>
  secret.includes('REDACTED') || secret.includes('...') || match === 'REDACTED' || (match.includes('REDACTED') && !match.includes(secret));

const findingOf = (item: unknown): Finding => {
  const [rule, file, commit] = [textAt(item, 'RuleID'), textAt(item, 'File'), textAt(item, 'Commit')];
  const [line, column] = [countAt(item, 'StartLine') ?? 0, countAt(item, 'StartColumn') ?? 0];
  const [secret, match] = [rawText(item, 'Secret'), rawText(item, 'Match')];
  const redacted = isRedacted(secret, match);
  return {
    // Two secrets on one line have the same fingerprint: the column tells them apart.
    place: [rawText(item, 'Fingerprint') || [commit, file, rule, line].filter((part) => part !== '').join(':'), String(column)],
    fixed: commit !== '',
    where: publicLink(rawText(item, 'Link')) || `${file}:${line}${commit === '' ? '' : ` in commit ${commit.slice(0, 40)}`}`,
    kind: rule,
    claim: 'unverified',
    // The rule aws-access-token captures the key id alone, which is a name.
    values: redacted ? [] : [secret],
    masked: redacted ? [secret.replace(/\.{3}$/, '')].filter((part) => part !== 'REDACTED') : [],
  };
};

const parse = (request: WebhookRequest): Parsed => {
  const text = reportText(request);
  if (!text.ok) return { kind: 'malformed', reason: text.reason };
  const report = jsonValue(text.value);
  if (!report.ok) return { kind: 'malformed', reason: report.reason };
  if (!Array.isArray(report.value)) return { kind: 'malformed', reason: 'a Gitleaks report is a JSON array' };
  const items: unknown[] = report.value;
  const stranger = items.findIndex((item) => rawText(item, 'RuleID') === '' || rawText(item, 'File') === '');
  if (stranger !== -1) return { kind: 'malformed', reason: `item ${stranger + 1} of the report is not a Gitleaks finding: it has no RuleID or no File` };
  return leaksOf(gitleaks.name, items.map(findingOf), request);
};

/** Gitleaks' JSON report, posted by CI under a Standard Webhooks signature. Author, e-mail and message are not kept. */
export const gitleaks: WebhookSource = {
  transport: 'webhook',
  name: 'gitleaks',
  authenticate: standardWebhooksSignature,
  parse,
};
