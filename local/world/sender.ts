import { createHash, randomUUID } from 'node:crypto';
import { signaturesOf } from './signatures.ts';
import type { World, WorldReport } from './world.ts';

/** A report as its sender puts it on the wire. */
export interface Sending {
  /** The path at our front door. */
  path: string;
  headers: Record<string, string>;
  body: string;
}

/** Has one of the world's OIDC issuers make a token with these claims for that audience. */
export type IssueToken = (claims: Record<string, unknown>, options: { issuer: string; audience?: string }) => Promise<string>;

const signingSecretOf = (world: World, source: string): string => {
  const name = world.configuration.sources.find((settings) => settings.source === source)?.secrets[0];
  const secret = (world.aws.secrets ?? []).find((one) => one.name === name)?.value;
  if (secret === undefined) throw new Error(`the world has no signing secret for the source ${source}`);
  return secret;
};

/**
 * The headers under which a source would send this body now, signed with the secret that the world keeps for it in
 * Secrets Manager. `id` names the message; the same id and body are the same message. A sender that signs nothing shows
 * the secret itself.
 */
export const signedHeaders = (world: World, source: string, body: string, now: Date, id: string = randomUUID()): Record<string, string> =>
  signaturesOf(source)({ secret: signingSecretOf(world, source), body, now, id });

const textOf = ({ body, lines }: WorldReport): string =>
  lines ? `${lines.map((line) => JSON.stringify(line)).join('\n')}\n` : typeof body === 'string' ? body : JSON.stringify(body);

const registration = async ({ name, as, headers }: WorldReport, body: string, world: World, issue: IssueToken | undefined): Promise<Sending> => {
  const json = { 'content-type': 'application/json' };
  if (as === undefined) throw new Error(`the report "${name}" does not say who registers the lease`);
  if ('principal' in as) return { path: '/iam/leases', headers: { ...json, 'x-rescind-caller': as.principal, ...headers }, body };
  if (!issue) throw new Error(`the report "${name}" needs a token, and this world has no OIDC issuer`);
  const token = await issue(as.claims, { issuer: as.issuer, audience: world.configuration.leases?.audience });
  return { path: '/leases', headers: { ...json, authorization: `Bearer ${token}`, ...headers }, body };
};

/** A report of a filled world, ready to be posted. Signing again gives the same message with a fresh time; a token is a new one each time. */
export const sendingOf = async (world: World, report: WorldReport, now: Date, issue?: IssueToken): Promise<Sending> => {
  const text = textOf(report);
  const body = text.replaceAll('${now}', now.toISOString());
  if (report.source === 'leases') return registration(report, body, world, issue);
  if (report.source === 'aws-events') return { path: '/aws-events', headers: { 'content-type': 'application/json', ...report.headers }, body };
  const id = createHash('sha256').update(JSON.stringify([report.name, text])).digest('hex').slice(0, 32);
  return { path: `/triggers/${report.source}`, headers: { ...signedHeaders(world, report.source, body, now, id), ...report.headers }, body };
};
