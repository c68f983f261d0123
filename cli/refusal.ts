import { plainText } from '../local/terminal/wrap.ts';
import type { Question } from './connection.ts';
import { Failure } from './failure.ts';
import type { Identity } from './identity.ts';
import type { Target } from './target.ts';

const longest = 300;

/** What the API, or the gateway before it, said; '' where it said nothing that can be shown. */
const saidIn = (fields: Record<string, unknown> | undefined, identity: Identity): string => {
  const text = [fields?.error, fields?.message, fields?.Message].find((said): said is string => typeof said === 'string') ?? '';
  // what follows is the whole request, headers and token included
  const short = text.split(/The (?:Canonical String|String-to-Sign) /i)[0] ?? '';
  const plain = plainText(identity.withoutSecrets(short)).trim();
  return plain.length > longest ? `${plain.slice(0, longest)}...` : plain;
};

/** An answer that is no success, as a failure that says what to do. */
export const refused = (status: number, fields: Record<string, unknown> | undefined, { path }: Question, { base }: Target, identity: Identity): Failure => {
  const said = saidIn(fields, identity);
  const because = said === '' ? '' : `: ${said}`;
  if (status >= 300 && status < 400) return new Failure(`${base} answered with a redirect (${status}), which is not followed: --url must be the API's own address`);
  if (status === 401 || status === 403) return new Failure(`${base} refused (${status})${because}. ${identity.advice()}`);
  if (status === 404 && said === 'there is no such lease') return new Failure(`there is no lease ${path.split('/')[2] ?? ''} at ${base}: "rescind leases" lists those that there are`);
  if (status === 404) return new Failure(`${base} has nothing at ${path} (404)${because}: --url must be the address of Rescind's API, with its stage where it has one`);
  if (status === 429) return new Failure(`${base} is asked too often (429, three times)${because}: wait a minute and try again`);
  if (status >= 500) return new Failure(`${base} failed (${status}, three times)${because}: try again; if it stays so, its log says why`);
  return new Failure(`${base} did not accept this (${status})${because}`);
};

const isUrlRight = "is --url the address of Rescind's API?";

export const notJson = ({ base }: Target, status: number): Failure => new Failure(`${base} answered (${status}), but not with JSON: ${isUrlRight}`);

/** JSON that is not what this API answers with. */
export const strangeAnswer = ({ base }: Pick<Target, 'base'>): Failure => new Failure(`${base} answered with JSON that this command does not understand: ${isUrlRight} Is it of the same version?`);

export const silent = ({ base }: Target, milliseconds: number): Failure => new Failure(`${base} gave no answer within ${milliseconds / 1000} seconds: is it busy, or is something between you and it? Try again`);

/** The code of what went wrong below `fetch`, however deep it lies. */
const codeOf = (error: unknown): string => {
  const { code, cause } = (error ?? {}) as { code?: unknown; cause?: unknown };
  return typeof code === 'string' ? code : cause ? codeOf(cause) : '';
};

/** Whether a connection broke in a way that another try may mend. */
export const isPassing = (error: unknown): boolean => ['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET', 'EAI_AGAIN'].includes(codeOf(error));

/** No connection came about, as a failure that says what to do. */
export const disconnected = ({ base, isLoopback }: Target, error: unknown): Failure => {
  const code = codeOf(error);
  const { host } = new URL(base);
  if (code === 'ECONNREFUSED' && isLoopback) return new Failure(`nothing listens at ${base}: is the local service running? "npm start" starts it; --url or RESCIND_URL names another address`);
  if (code === 'ECONNREFUSED') return new Failure(`nothing listens at ${base}: is --url right?`);
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return new Failure(`no host ${host} is known (${code}): check --url, and whether you are online`);
  if (/CERT|SELF_SIGNED|UNABLE_TO_|DEPTH_ZERO/.test(code)) return new Failure(`the certificate of ${host} is not trusted (${code}): check --url; an authority of your own is named by NODE_EXTRA_CA_CERTS`);
  return new Failure(`${base} cannot be reached${code === '' ? '' : ` (${code})`}: check --url and the network; behind a proxy set NODE_USE_ENV_PROXY=1 and HTTPS_PROXY`);
};
