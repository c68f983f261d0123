/** What a policy's conditions can ask about a request. Absent: the request has no such key. */
export interface PolicyContext {
  /** `secretsmanager:GetSecretValue`. */
  action: string;
  /** Names and ARNs that the request names. */
  resources: string[];
  /** Values by condition key in lower case (`aws:tokenissuetime`). */
  keys: Record<string, string | undefined>;
}

interface Statement {
  Effect?: string;
  Action?: string | string[];
  NotAction?: string | string[];
  Resource?: string | string[];
  NotResource?: string | string[];
  Principal?: unknown;
  Condition?: Record<string, Record<string, string | string[]>>;
}

const listOf = <T>(value: T | T[] | undefined): T[] => (value === undefined ? [] : Array.isArray(value) ? value : [value]);

const like = (pattern: string, text: string) =>
  new RegExp(`^${pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&').replace(/\*/g, '.*').replace(/\?/g, '.')}$`, 's').test(text);

const COMPARISONS: Record<string, (actual: string, wanted: string) => boolean> = {
  StringEquals: (actual, wanted) => actual === wanted,
  StringEqualsIgnoreCase: (actual, wanted) => actual.toLowerCase() === wanted.toLowerCase(),
  StringLike: (actual, wanted) => like(wanted, actual),
  ArnEquals: (actual, wanted) => like(wanted, actual),
  ArnLike: (actual, wanted) => like(wanted, actual),
  Bool: (actual, wanted) => actual === wanted,
  DateLessThan: (actual, wanted) => Date.parse(actual) < Date.parse(wanted),
  DateLessThanEquals: (actual, wanted) => Date.parse(actual) <= Date.parse(wanted),
  DateGreaterThan: (actual, wanted) => Date.parse(actual) > Date.parse(wanted),
  DateGreaterThanEquals: (actual, wanted) => Date.parse(actual) >= Date.parse(wanted),
  DateEquals: (actual, wanted) => Date.parse(actual) === Date.parse(wanted),
};

const NEGATED: Record<string, string> = {
  StringNotEquals: 'StringEquals',
  StringNotEqualsIgnoreCase: 'StringEqualsIgnoreCase',
  StringNotLike: 'StringLike',
  ArnNotEquals: 'ArnEquals',
  ArnNotLike: 'ArnLike',
  DateNotEquals: 'DateEquals',
};

/** One operator with one key. A key that the request lacks fails a positive operator and satisfies a negated or `IfExists` one. */
const holds = (operator: string, key: string, wanted: string[], context: PolicyContext): boolean => {
  const actual = context.keys[key.toLowerCase()];
  if (operator === 'Null') return wanted.includes(String(actual === undefined));
  const ifExists = operator.endsWith('IfExists');
  const plain = ifExists ? operator.slice(0, -'IfExists'.length) : operator;
  const negated = NEGATED[plain];
  const compare = COMPARISONS[negated ?? plain];
  if (!compare) return false;
  if (actual === undefined) return ifExists || negated !== undefined;
  const some = wanted.some((one) => compare(actual, one));
  return negated === undefined ? some : !some;
};

const named = (principal: unknown, context: PolicyContext): boolean => {
  if (principal === undefined || principal === '*') return true;
  const wanted = typeof principal === 'object' && principal !== null ? listOf((principal as { AWS?: string | string[] }).AWS) : [];
  const who = [context.keys['aws:principalarn'], context.keys['aws:calledarn'], context.keys['aws:principalaccount']];
  return wanted.some((one) => one === '*' || who.includes(one) || one === `arn:aws:iam::${context.keys['aws:principalaccount']}:root`);
};

const matches = (statement: Statement, context: PolicyContext): boolean => {
  const action = (pattern: string) => like(pattern.toLowerCase(), context.action.toLowerCase());
  const resource = (pattern: string) => pattern === '*' || context.resources.some((one) => like(pattern, one));
  return (
    named(statement.Principal, context) &&
    (statement.Action === undefined || listOf(statement.Action).some(action)) &&
    (statement.NotAction === undefined || !listOf(statement.NotAction).some(action)) &&
    (statement.Resource === undefined || listOf(statement.Resource).some(resource)) &&
    (statement.NotResource === undefined || !listOf(statement.NotResource).some(resource)) &&
    Object.entries(statement.Condition ?? {}).every(([operator, keys]) =>
      Object.entries(keys).every(([key, wanted]) => holds(operator, key, listOf(wanted).map(String), context)))
  );
};

/** Whether the policy document denies the request explicitly. What it allows is not looked at: here everything is allowed. */
export const denies = (document: string, context: PolicyContext): boolean => {
  const { Statement: statements } = JSON.parse(document) as { Statement?: Statement | Statement[] };
  return listOf(statements).some((statement) => statement.Effect === 'Deny' && matches(statement, context));
};

/** The effects of those statements of the document that match the request, each once. */
export const effectsOf = (document: string, context: PolicyContext): ('Allow' | 'Deny')[] => {
  const { Statement: statements } = JSON.parse(document) as { Statement?: Statement | Statement[] };
  const found = listOf(statements).filter((statement) => matches(statement, context)).map(({ Effect }) => (Effect === 'Deny' ? ('Deny' as const) : ('Allow' as const)));
  return [...new Set(found)];
};

/** The condition keys that the document asks for, in lower case. */
export const keysAskedBy = (document: string): string[] => {
  const { Statement: statements } = JSON.parse(document) as { Statement?: Statement | Statement[] };
  return [...new Set(listOf(statements).flatMap(({ Condition }) => Object.values(Condition ?? {}).flatMap((keys) => Object.keys(keys).map((key) => key.toLowerCase()))))];
};

/** Whether a text can be stored as a policy: JSON with statements that have an effect and an action. */
export const isPolicy = (document: string): boolean => {
  try {
    const parsed = JSON.parse(document) as { Statement?: Statement | Statement[] } | null;
    const statements = listOf(parsed?.Statement);
    return statements.length > 0 && statements.every(({ Effect, Action, NotAction }) =>
      (Effect === 'Allow' || Effect === 'Deny') && (Action !== undefined || NotAction !== undefined));
  } catch {
    return false;
  }
};
