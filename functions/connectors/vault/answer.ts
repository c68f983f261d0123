import { IssuerFailed } from '../../core/connector.ts';

/** What a vault answered, as far as it is the vault's own JSON. */
export interface Answer {
  status: number;
  /** Its `errors`, without the frame that Go puts around one; undefined where it has no such list. */
  errors: string[] | undefined;
  data: Record<string, unknown> | undefined;
  /** The whole of it, for what answers without the frame of the others. */
  body: Record<string, unknown> | undefined;
  warnings: string[];
}

/** A vault that could not be asked. */
export class VaultFailed extends IssuerFailed {
  readonly status: number | undefined;
  /** It was sent, and no answer came: it may have been done. */
  readonly isUnanswered: boolean;
  /** It answered more than is read. */
  readonly isTooLong: boolean;
  constructor(message: string, status?: number, { isUnanswered = false, isTooLong = false } = {}) {
    super(message);
    this.name = 'VaultFailed';
    this.status = status;
    this.isUnanswered = isUnanswered;
    this.isTooLong = isTooLong;
  }
}

const mostBytes = 1_048_576;

/** An object, or undefined. */
export const objectOf = (value: unknown): Record<string, unknown> | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;

/** The texts in a list. */
export const textsOf = (value: unknown): string[] => (Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string') : []);

/** A text that is not empty, or undefined. */
export const textOf = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);

const bare = (error: string): string => error.replace(/^1 error occurred:\s*\*\s*/, '').trim();

const boundedText = async (response: Response): Promise<string> => {
  if (!response.body) return '';
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of response.body) {
    size += piece.length;
    if (size > mostBytes) throw new VaultFailed(`the vault's answer is larger than ${mostBytes} bytes`, response.status, { isTooLong: true });
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString('utf8');
};

/** Reads an answer, a mebibyte at most. What is not the vault's JSON has no errors and no data; with a status of success it throws. */
export const answerOf = async (response: Response): Promise<Answer> => {
  const { status } = response;
  const text = await boundedText(response);
  let body: Record<string, unknown> | undefined;
  try {
    body = objectOf(JSON.parse(text));
  } catch {
    body = undefined;
  }
  if (!body && status === 200) throw new VaultFailed("status 200 with something that is not a vault's answer: see that the address in the configuration is a vault's", status);
  return {
    status,
    errors: Array.isArray(body?.errors) ? textsOf(body.errors).map(bare) : undefined,
    data: objectOf(body?.data),
    body,
    warnings: textsOf(body?.warnings),
  };
};

/** Whether the vault gave exactly that reason. */
export const isReason = ({ errors }: Answer, reason: string): boolean => errors?.length === 1 && errors[0] === reason;

/** Whether a reason contains these words. */
export const hasReason = ({ errors, data }: Answer, words: RegExp): boolean => [...(errors ?? []), textOf(data?.error) ?? ''].some((one) => words.test(one));

/** The 404 that a list without entries is: of a vault, with an empty list of errors. */
export const isEmptyList = ({ status, errors }: Answer): boolean => status === 404 && errors?.length === 0;

/** Whether the vault says that what was asked for belongs to another namespace. */
export const isElsewhere = (answer: Answer): boolean => answer.status === 500 && hasReason(answer, /different namespace/);

const foreseen = [/different namespace/, /failed to find accessor entry/, /^role ".*" does not exist/];

/** Whether a 500 is one that asking again does not cure. */
export const isForeseen = (answer: Answer): boolean => answer.status === 500 && foreseen.some((words) => hasReason(answer, words));

/** Status and meaning, for a note. Quotes nothing. */
export const meaningOf = (answer: Answer): string => {
  const { status } = answer;
  if (isElsewhere(answer)) return `status ${status}: it belongs to another namespace`;
  if (status === 403) return `status ${status}: the vault refuses our own token, or the token's policy does not allow to ask`;
  if (status === 404) return `status ${status}: the vault has nothing at that path`;
  if (answer.errors === undefined && status >= 400) return `status ${status}, and not in a vault's words`;
  return `status ${status}, which says nothing about it`;
};
