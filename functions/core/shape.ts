/**
 * What a value looks like, and whether it identifies a credential. Names (key ids, hosts, ARNs, e-mail addresses),
 * numbers, defaults and words do not: two unrelated owners have the same ones.
 */
import { isConnectionString, isUrl, passwordsIn } from './connection-string.ts';
import { envLines } from './env-lines.ts';

/** The fewest characters of a value that is indexed. */
export const MIN_CHARS = 12;

/** The last four are containers: their parts identify something, the whole does not. */
export type Shape = 'aws-key-id' | 'aws-secret' | 'github-token' | 'private-key' | 'name' | 'common' | 'opaque' | 'connection-string' | 'json' | 'lines' | 'key-pair';

/** Whether the text is an AWS access key id, long-lived (`AKIA`) or of a session (`ASIA`). It is a name. */
export const isAwsKeyId = (text: string): boolean => /^(?:AKIA|ASIA)[A-Z0-9]{16}$/.test(text);

/** The ids of long-lived AWS keys that stand in a text, each once, in order. */
export const awsKeyIdsIn = (text: string): string[] => [...new Set(text.match(/(?<![A-Za-z0-9])AKIA[A-Z0-9]{16}(?![A-Za-z0-9])/g) ?? [])];

/** Whether the text has the shape of the secret half of an AWS key: 40 base64 characters of both cases (a git hash has not). */
export const isAwsSecret = (text: string): boolean => /^[A-Za-z0-9/+]{40}$/.test(text) && /[a-z]/.test(text) && /[A-Z]/.test(text) && !isUniform(text);

/** The secret halves of AWS keys that stand in a text between other characters, and where. */
export const awsSecretsIn = (text: string): { piece: string; start: number }[] =>
  [...text.matchAll(/[A-Za-z0-9/+]+/g)].map(({ 0: piece, index: start }) => ({ piece, start })).filter(({ piece }) => isAwsSecret(piece));

/** Whether the text holds the id of an AWS key beside a secret half. */
export const isKeyPair = (text: string): boolean => awsKeyIdsIn(text).length > 0 && awsSecretsIn(text).length > 0;

/** Whether the text has the shape of a GitHub token. */
export const isGitHubToken = (text: string): boolean => /^(?:gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9_]{22,255})$/.test(text);

/** Whether the text is a PEM private key. */
export const isPrivateKey = (text: string): boolean => /^-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----/.test(text);

/** Whether the text is a JSON object or array. */
export const isJsonContainer = (text: string): boolean => {
  if (!/^\s*[{[]/.test(text)) return false;
  try {
    return typeof JSON.parse(text) === 'object';
  } catch {
    return false;
  }
};

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

const structuralNames = [
  /^arn:[a-z0-9-]*:/i,
  /^jdbc:/i,
  // Ids of AWS resources: sg-..., vpc-...
  /^[a-z]{1,10}-(?:[0-9a-f]{8}|[0-9a-f]{17})$/,
  /^[\w.+-]+@[a-z0-9.-]+\.[a-z]{2,24}$/i,
  /^(?:[a-z0-9_-]{1,63}\.)+[a-z]{2,24}\.?(?::\d{1,5})?$/i,
  /^[\d\s.,:+_/eETZx-]+$/,
  /^\[?[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7}\]?(?:\/\d+)?$/i,
  /^-----BEGIN (?:[A-Z0-9]+ )*(?:CERTIFICATE|PUBLIC KEY)/,
  /^(?:ssh-(?:rsa|ed25519|dss)|ecdsa-sha2-\S+) /,
  // Places to be filled in: ${VAR}, {{ var }}, <your key>, %VAR%.
  /^(?:\$\{?\w+\}?|\{\{.*\}\}|<[^<>]*>|%\w+%)$/s,
];

/** A word, a number, or a word with a number: what slugs are made of. */
const slugPiece = /^(?:[a-z]+|[A-Z]+|[A-Z][a-z]+)?\d{0,4}$/;

const isWord = (text: string): boolean => /^[a-z]{3,}$/i.test(text) && /[aeiouy]/i.test(text) && !/[^aeiouy]{5}/i.test(text);

/** `my-service-prod-01`, `AmazonRDSFullAccess`, a sentence. */
const isWordy = (text: string): boolean => {
  const pieces = text.split(/[\s\-_.,;:/'()=]+/).filter(Boolean);
  if (pieces.length > 1) return pieces.every((piece) => slugPiece.test(piece));
  const camel = text.replace(/\d{1,4}$/, '');
  return /^[A-Za-z]+$/.test(camel) && (camel.match(/[A-Z]?[a-z]+|[A-Z]+(?![a-z])/g) ?? []).every((piece) => isWord(piece) || /^[A-Z]{2,4}$/.test(piece));
};

/** Shannon entropy of a text in bits per character. */
export const entropyOf = (text: string): number => {
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  return [...counts.values()].reduce((sum, count) => sum - (count / total) * Math.log2(count / total), 0);
};

/** Few different characters, or neighbours in the alphabet (`12345...`, `abcdef...`). */
const isUniform = (text: string): boolean => {
  const steps = [...text].slice(1).filter((character, index) => Math.abs(character.charCodeAt(0) - text.charCodeAt(index)) <= 1).length;
  return new Set(text).size < 6 || entropyOf(text) < 2.5 || steps > text.length / 2;
};

const DEFAULTS = 'password|passwd|passw|pass|pwd|changeme|changeit|change|replace|insert|placeholder|default|dummy|sample|example|testing|test|secret|token|apikey|api|access|key|value|todo|enter|your|here|this|the|my|me|it|is|in|postgresql|postgres|mysql|mariadb|mongodb|mongo|redis|rabbitmq|oracle|admin|administrator|root|master|superuser|username|user|guest|welcome|letmein|qwertyuiop|qwerty|asdfgh|iloveyou|login|database|server|local|localhost|docker|hello|world|please|super|and|or|to|a|db';
const onlyDefaults = new RegExp(`^(?:${DEFAULTS})+$`);
const leet = new Map([['0', 'o'], ['1', 'i'], ['3', 'e'], ['4', 'a'], ['5', 's'], ['7', 't'], ['@', 'a'], ['$', 's'], ['!', 'i']]);

/** `Password1234`, `P@ssw0rd2024!`, `your_api_key_here`, `changeme-changeme`. */
const isDefault = (text: string): boolean => {
  const stem = text.toLowerCase().replace(/[^a-z]+$/, '');
  const [plain, read] = [stem, stem.replace(/[013457@$!]/g, (character) => leet.get(character) ?? '')].map((word) => word.replace(/[^a-z]/g, ''));
  // A default with a long tail of digits is no default any more.
  return plain === '' || [plain, read].some((word) => word !== undefined && word.length <= 64 && word.length * 2.5 >= text.length && onlyDefaults.test(word));
};

/** A stretch of a URL that looks like a token: long, of mixed characters and no word. */
const isToken = (text: string): boolean => text.length >= 20 && /\d/.test(text) && /[a-z]/i.test(text) && !uuid.test(text) && !isWordy(text) && !isUniform(text);

/** Paths and URLs are names, unless a segment is itself a token (as in the address of a Slack webhook). */
const isPlace = (text: string): boolean => {
  if (isUrl(text)) return !text.replace(/^[^/]*\/\/[^/?#]*/, '').split(/[/?&=#]+/).some(isToken);
  // Base64 may begin with a slash: a path is made of words.
  return /^(?:\.{0,2}\/|~\/|[A-Za-z]:\\)/.test(text) && text.split(/[/\\]+/).every((segment) => segment.split(/[\s\-_.@:~]+/).every((piece) => slugPiece.test(piece)));
};

/**
 * Whether a value identifies a credential in a field that is known to hold one: at least twelve characters, and neither
 * a name nor common. UUIDs and passphrases pass.
 */
export const isSecretInItsField = (value: string): boolean => ['aws-secret', 'github-token', 'private-key', 'opaque'].includes(shapeOf(value));

/** Whether a value identifies a credential wherever it stands: also no UUID and no phrase of words. Containers are not identities; their parts are. */
export const isIndexable = (value: string): boolean => isSecretInItsField(value) && (isPrivateKey(value) || !(uuid.test(value) || isWordy(value)));

/** What a value looks like. `name` is public by nature, `common` too short, too plain or too well known to tell anything. */
export const shapeOf = (value: string): Shape => {
  if (isAwsKeyId(value)) return 'aws-key-id';
  if (isPrivateKey(value)) return 'private-key';
  if (isConnectionString(value) && passwordsIn(value).length > 0) return 'connection-string';
  if (isJsonContainer(value)) return 'json';
  if (envLines(value) !== undefined) return 'lines';
  if (isKeyPair(value)) return 'key-pair';
  if (value.length < MIN_CHARS || value !== value.trim() || isUniform(value) || isDefault(value)) return 'common';
  if (isAwsSecret(value)) return 'aws-secret';
  if (isGitHubToken(value)) return 'github-token';
  return structuralNames.some((name) => name.test(value)) || isPlace(value) ? 'name' : 'opaque';
};
