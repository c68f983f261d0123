/** What the reports of scanners have in common: they are posted by CI under Standard Webhooks and hold values in clear. */
import { createHash } from 'node:crypto';
import { bodyText, header, mediaType, type Read } from './body.ts';
import { clean, isAwsKeyId, isoSeconds } from './fields.ts';
import { scrubberOf } from './scrub.ts';
import type { Claim, Parsed, SecretLeaked, WebhookRequest } from './trigger.ts';

/** The most findings that one report may hold; more is refused as a whole, since dropping one would lose a leak. */
export const MAX_FINDINGS = 10_000;

/** The longest value that is taken; a finding with a longer one is kept without it. */
export const MAX_VALUE_BYTES = 8 * 1024;

/** The reason given for a report in which nothing was found. */
export const NO_FINDINGS = 'the report holds no findings';

const MEDIA_TYPES = ['application/json', 'application/x-ndjson', 'application/ndjson', 'application/jsonl', 'application/x-jsonlines', 'text/plain'];

/** One finding as a scanner wrote it, before values are taken out of its texts. */
export interface Finding {
  /** What places the finding, in a fixed order: detector, file, line and the like. Empty where the scanner gave no place. */
  place: string[];
  /** Whether the place can never hold another value: it names a commit. */
  fixed: boolean;
  where: string;
  kind: string;
  claim: Claim;
  caution?: SecretLeaked['caution'];
  /** Everything that may be a value or a part of one. Key ids among the first are names; the rest are values. */
  values: string[];
  /** More texts that may hold a part of a value, such as a masked form; used for taking values out and not kept. */
  masked: string[];
}

/** The text of a report, if its type is one of those that reports come in. A missing type says nothing and is accepted. */
export const reportText = (request: WebhookRequest): Read<string> => {
  const type = mediaType(request);
  if (type !== '' && !MEDIA_TYPES.includes(type)) return { ok: false, reason: `the content type must be one of ${MEDIA_TYPES.join(', ')}` };
  return bodyText(request);
};

const strength: Record<Claim, number> = { issuer: 3, verified: 2, unknown: 1, unverified: 0 };

const sha256 = (parts: string[]): string => createHash('sha256').update(JSON.stringify(parts)).digest('hex');

/** A scanner that decodes twice reports one leak twice: the same place with the same values is one finding, with the strongest claim. */
const merged = (leaks: SecretLeaked[]): SecretLeaked[] => {
  const byContent = new Map<string, SecretLeaked>();
  for (const leak of leaks) {
    const key = JSON.stringify([leak.finding, leak.values, leak.names]);
    const earlier = byContent.get(key);
    if (earlier === undefined) byContent.set(key, leak);
    else {
      if (strength[leak.claim] > strength[earlier.claim]) earlier.claim = leak.claim;
      earlier.caution ??= leak.caution;
    }
  }
  return [...byContent.values()];
};

/**
 * Tells apart several secrets in one place. The finding must not depend on the value (a hash of one can be guessed), so
 * they are numbered in the order of their values, and their number is part of the opening: another set of secrets in
 * the same place is another opening, and none is mistaken for a repeated report.
 */
const numbered = (leaks: SecretLeaked[]): SecretLeaked[] => {
  const content = (leak: SecretLeaked): string => JSON.stringify([leak.values, leak.names]);
  const byFinding = Map.groupBy(leaks, (leak) => leak.finding);
  return [...byFinding.values()].flatMap((together) => {
    if (together.length === 1) return together;
    const ordered = together.map((leak) => ({ leak, key: content(leak) })).sort((left, right) => (left.key < right.key ? -1 : 1));
    return ordered.map(({ leak }, index) => {
      const position = `${index + 1} of ${together.length}`;
      return { ...leak, finding: `${leak.finding}#${index + 1}`, opening: leak.opening === '' ? position : `${leak.opening} ${position}` };
    });
  });
};

/** The triggers of a report. No text in them shares eight characters with any value of the whole report. */
export const leaksOf = (source: string, findings: Finding[], request: WebhookRequest): Parsed => {
  if (findings.length === 0) return { kind: 'ignored', reason: NO_FINDINGS };
  if (findings.length > MAX_FINDINGS) return { kind: 'malformed', reason: `the report holds more than ${MAX_FINDINGS} findings: post it in parts` };
  const scrub = scrubberOf(findings.flatMap(({ values, masked }) => [...values, ...masked].filter((text) => !isAwsKeyId(text))));
  // Both headers are signed, so a retry of this delivery says the same and nobody else can say anything.
  const delivery = scrub(header(request, 'webhook-id'), 200);
  const at = isoSeconds(header(request, 'webhook-timestamp'));
  const leaks = findings.map((finding): SecretLeaked => {
    const texts = [...new Set(finding.values)].filter((text) => text !== '');
    const place = finding.place.map((part) => scrub(part, 2_000));
    return {
      trigger: 'SecretLeaked',
      source,
      finding: sha256(place.length > 0 ? place : [scrub(finding.kind), delivery]),
      // A place without a commit may hold another secret tomorrow; seen again in another delivery it is a new opening.
      opening: finding.fixed ? '' : delivery,
      at,
      where: scrub(finding.where),
      kind: scrub(clean(finding.kind)),
      claim: finding.claim,
      ...(finding.caution === undefined ? {} : { caution: finding.caution }),
      names: texts.filter(isAwsKeyId).map((id) => ({ issuer: 'aws-iam-key', id })),
      values: texts.filter((text) => !isAwsKeyId(text) && Buffer.byteLength(text) <= MAX_VALUE_BYTES),
    };
  });
  return { kind: 'triggers', triggers: numbered(merged(leaks)) };
};
