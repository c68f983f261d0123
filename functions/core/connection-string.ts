/** Where the passwords stand inside a connection string: URLs, key lists of ADO.NET, ODBC, JDBC and libpq, Oracle and Go DSNs. */

/** One password inside a connection string. */
export interface EmbeddedPassword {
  /** As the server sees it: unquoted, percent-decoded. */
  value: string;
  /** As it stands in the text, from `start` to `end` (exclusive). */
  raw: string;
  start: number;
  end: number;
  /** How another password must be written at this position. */
  encode: (value: string) => string;
}

/** The longest text that is taken for a connection string. */
const MAX_CHARS = 8_192;

const SECRET_KEYS = 'password|passwd|pwd|pass|passphrase|sslpassword|sslkeypassword|truststorepassword|keystorepassword|accountkey|sharedaccesskey|sharedsecretvalue|auth_?token|access_?token|token|api_?key|secret|client_?secret|sig|signature';
const isSecretKey = (key: string): boolean => new RegExp(`^(?:${SECRET_KEYS})$`, 'i').test(key.replace(/\s+/g, ''));
const secretInList = new RegExp(`(?:^|;)\\s*(?:${SECRET_KEYS})\\s*=`, 'i');

/** A list of at least two `key=value` with a password among them: one pair alone is an assignment. */
const isKeyList = (text: string): boolean => secretInList.test(text) && (/^jdbc:/i.test(text) || /=[^;]*;[^;=]+=/.test(text));

/** Whether the text is a URL with an authority, `jdbc:` ones included. */
export const isUrl = (text: string): boolean => text.length <= MAX_CHARS && /^(?:jdbc:)?[a-z][a-z0-9+.-]{0,40}(?::[a-z0-9]{1,20})?:\/\/[^\s]/i.test(text) && !/[\r\n]/.test(text);

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    // A lone percent sign: the password was never encoded.
    return text;
  }
};

/** Percent-encoded, also where `encodeURIComponent` leaves characters that some drivers treat as delimiters. */
const percentEncoded = (value: string): string =>
  encodeURIComponent(value.toWellFormed()).replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);

const inUrl = (text: string, start: number, end: number): EmbeddedPassword => {
  const raw = text.slice(start, end);
  return { raw, value: decoded(raw), start, end, encode: percentEncoded };
};

/** The length of the user information before `@`. Without one in the authority, a slash in an unencoded password hides it. */
const userinfoLength = (rest: string): number => {
  const authority = /^[^/?#]*/.exec(rest)?.[0] ?? '';
  if (authority.includes('@')) return authority.lastIndexOf('@');
  const last = rest.lastIndexOf('@');
  const hidden = /^[^:/?#@]*:(?!\d{1,5}(?:[/?#,]|$))/.test(rest) && /^[\w.-]+(?::\d+)?(?:[/?#,]|$)/.test(rest.slice(last + 1));
  return last > 0 && hidden ? last : 0;
};

const urlPasswords = (text: string): EmbeddedPassword[] => {
  const found: EmbeddedPassword[] = [];
  const start = text.indexOf('://') + 3;
  const length = userinfoLength(text.slice(start));
  const userinfo = text.slice(start, start + length);
  const colon = userinfo.indexOf(':');
  if (colon !== -1 && colon < length - 1) found.push(inUrl(text, start + colon + 1, start + length));
  // A token alone, as in https://<token>@host, and one that is the user with an empty or fixed password.
  else if (length > 0 && /^https?:/i.test(text)) found.push(inUrl(text, start, start + (colon === -1 ? length : colon)));
  const query = text.indexOf('?', start + length);
  if (query === -1) return found;
  const hash = text.indexOf('#', query);
  for (const pair of text.slice(query + 1, hash === -1 ? undefined : hash).matchAll(/([^&;=]+)=([^&;]+)/g)) {
    const [, key = '', value = ''] = pair;
    const end = query + 1 + pair.index + pair[0].length;
    if (isSecretKey(key)) found.push(inUrl(text, end - value.length, end));
  }
  return found;
};

/** `Server=...;User Id=...;Password="..."`: quotes are doubled inside quotes, ODBC and JDBC quote by braces. */
const listPasswords = (text: string): EmbeddedPassword[] => {
  const braces = /^jdbc:|driver\s*=/i.test(text);
  const encode = (value: string): string => {
    if (!/[;'"={}\s]/.test(value)) return value;
    return braces ? `{${value.replaceAll('}', '}}')}}` : `"${value.replaceAll('"', '""')}"`;
  };
  const pair = /([^;=]*)=\s*("(?:[^"]|"")*"|'(?:[^']|'')*'|\{(?:[^}]|\}\})*\}|[^;]*)(?:\s*(?:;|$))/g;
  const found: EmbeddedPassword[] = [];
  for (const match of text.matchAll(pair)) {
    const [whole, key = '', quoted = ''] = match;
    const start = match.index + whole.indexOf(quoted, key.length + 1);
    const raw = quoted.trimEnd();
    const quote = raw.length >= 2 ? raw[0] : '';
    const close = quote === '{' ? '}' : quote;
    const isQuoted = (quote === '"' || quote === "'" || quote === '{') && raw.endsWith(close ?? '');
    const value = isQuoted && close !== undefined ? raw.slice(1, -1).replaceAll(close + close, close) : raw;
    if (value !== '' && isSecretKey(key.trim())) found.push({ raw, value, start, end: start + raw.length, encode });
  }
  return found;
};

/** libpq's `host=... password='...'`, where a backslash escapes inside quotes. */
const libpqPasswords = (text: string): EmbeddedPassword[] => {
  const encode = (value: string): string => (/^[^\s'\\]+$/.test(value) ? value : `'${value.replace(/['\\]/g, '\\$&')}'`);
  return [...text.matchAll(/(?:^|\s)(?:password|sslpassword)\s*=\s*('(?:[^'\\]|\\.)*'|[^\s']\S*)/gs)].map((match) => {
    const raw = match[1] ?? '';
    const end = match.index + match[0].length;
    const value = (raw.startsWith("'") ? raw.slice(1, -1) : raw).replace(/\\(.)/gs, '$1');
    return { raw, value, start: end - raw.length, end, encode };
  });
};

/** `jdbc:oracle:thin:user/password@host` and Go's `user:password@tcp(host:3306)/name`. */
const dsnPasswords = (text: string): EmbeddedPassword[] => {
  const match = /^(jdbc:oracle:(?:thin|oci):[^/@]+\/)(.+)@[^@]*$/i.exec(text) ?? /^([^:@/\s]+:)(.+)@(?:tcp|unix)\([^@]*$/i.exec(text);
  const [, head = '', raw = ''] = match ?? [];
  return match === null ? [] : [{ raw, value: raw, start: head.length, end: head.length + raw.length, encode: (value) => value }];
};

/** Whether the text has the form of a connection string, with or without a password in it. */
export const isConnectionString = (text: string): boolean =>
  text.length <= MAX_CHARS && !/[\r\n]/.test(text)
  && (isUrl(text) || isKeyList(text) || (/(?:^|\s)(?:host|hostaddr|user|dbname|service)\s*=/.test(text) && /(?:^|\s)password\s*=/.test(text)) || dsnPasswords(text).length > 0);

/** The passwords in a connection string in the order of the text; none in any other text. */
export const passwordsIn = (text: string): EmbeddedPassword[] => {
  if (!isConnectionString(text)) return [];
  const found = isUrl(text) ? urlPasswords(text) : dsnPasswords(text);
  if (found.length > 0) return found;
  if (isKeyList(text)) return listPasswords(text);
  return isUrl(text) ? [] : libpqPasswords(text);
};
