import type { Case } from '../core/case.ts';
import type { Configuration } from '../core/configuration.ts';
import { caseViewOf } from '../core/case-view.ts';
import { answerTask, getTask, listTasks, release } from './claims.ts';
import type { ClientOf } from './clients.ts';
import { wakeAll } from './executions.ts';
import { forget } from './held.ts';
import type { HttpAnswer, HttpRequest } from './http.ts';
import type { CaseHead, Ledger } from './ledger.ts';
import type { Log } from './log.ts';
import type { Registry } from './registry.ts';

export interface ApiDeps {
  configuration: Configuration;
  ledger: Ledger;
  registry: Registry;
  clientOf: ClientOf;
  log: Log;
}

type Asked = HttpRequest & { id: string };
type Act = (request: Asked, deps: ApiDeps) => Promise<HttpAnswer>;

interface Route {
  path: string[];
  methods: Record<string, Act>;
}

const defaultPage = 50;
const largestPage = 200;
const mostReason = 500;
const statuses = ['open', 'waiting', 'contained', 'not-contained', 'unmatched', 'observed', 'closed'];

const refuse = (status: number, error: string): HttpAnswer => ({ status, body: { error } });

const limitOf = ({ query }: HttpRequest): number => Math.min(largestPage, Math.max(1, Math.floor(Number(query.limit)) || defaultPage));

/** The body as an object of strings; undefined where it is anything else. */
const fieldsOf = ({ body }: HttpRequest): Record<string, unknown> | undefined => {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(body).toString('utf8'));
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed) ? (parsed as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
};

const reasonOf = (fields: Record<string, unknown> | undefined): string | undefined =>
  typeof fields?.reason === 'string' && fields.reason.trim() !== '' && fields.reason.length <= mostReason ? fields.reason.trim() : undefined;

const listCases: Act = async (request, { ledger }) => {
  const { status, delivery, credential, cursor } = request.query;
  if (status && !statuses.includes(status)) return refuse(400, `status is one of ${statuses.join(', ')}`);
  if (delivery || credential) {
    const ids = await ledger.pointed(delivery ? 'delivery' : 'credential', delivery ?? credential ?? '');
    const cases = (await Promise.all(ids.slice(0, limitOf(request)).map((id) => ledger.load(id)))).flatMap((found) => found ?? []);
    return { status: 200, body: { cases: cases.filter((found) => !status || found.status === status).map((found) => summary({ id: found.id, status: found.status, openedAt: found.openedAt, endedAt: found.endedAt, closed: found.closed !== undefined, credential: found.credential, source: found.reports[0]?.source ?? '', attempt: found.attempt })) } };
  }
  const page = await ledger.list(status, limitOf(request), cursor);
  return { status: 200, body: { cases: page.items.map(summary), cursor: page.cursor } };
};

const summary = ({ id, status, openedAt, endedAt, closed, credential, source, attempt }: Omit<CaseHead, 'n' | 'lastAt' | 'reported'>) => ({ id, status, openedAt, endedAt, closed, credential, source, attempt });

const showCase: Act = async ({ id }, { ledger }) => {
  const found = await ledger.load(id);
  return found ? { status: 200, body: caseViewOf(found) } : refuse(404, 'there is no such case');
};

const closeCase: Act = async (request, { ledger, log }) => {
  const reason = reasonOf(fieldsOf(request));
  if (!request.caller) return refuse(403, 'who closes a case must say who they are');
  if (!reason) return refuse(400, `a reason is required: {"reason": "..."}, at most ${mostReason} characters`);
  const found = await ledger.load(request.id);
  if (!found) return refuse(404, 'there is no such case');
  if (found.closed) {
    // again, for what a crash may have left undone
    await ledger.project(found);
    await letGo(found, ledger);
    return refuse(409, `it was closed by ${found.closed.by} at ${found.closed.at}`);
  }
  if (found.status === 'open' || found.status === 'waiting') return refuse(409, 'it is still being worked on: answer its task, or wait until it ends');
  const closed = await ledger.tell(request.id, (current) => (current.closed ? undefined : { kind: 'closed', by: request.caller ?? '', reason }), found);
  await letGo(closed, ledger);
  log.info('case closed by a person', { case: request.id, by: request.caller });
  return { status: 200, body: caseViewOf(closed) };
};

/** A closed case has no claim on its credential and needs no value any more. */
const letGo = async ({ id, credential, reports }: Case, ledger: Ledger): Promise<void> => {
  await forget(ledger, reports.flatMap(({ held }) => held ?? []), credential);
  if (credential) await release(ledger, credential, id);
};

const showTasks: Act = async (request, { ledger }) => {
  const { status, cursor } = request.query;
  if (status && !['open', 'answered'].includes(status)) return refuse(400, 'status is open or answered');
  const page = await listTasks(ledger, status, limitOf(request), cursor);
  return { status: 200, body: { tasks: page.items, cursor: page.cursor } };
};

const answers = { approve: ['approve', 'reject'], act: ['done'] };

const answer: Act = async (request, { ledger, clientOf, log }) => {
  const fields = fieldsOf(request);
  const reason = reasonOf(fields);
  if (!request.caller) return refuse(403, 'who answers a task must say who they are');
  const task = await getTask(ledger, request.id);
  if (!task) return refuse(404, 'there is no such task');
  const allowed = answers[task.kind];
  if (typeof fields?.answer !== 'string' || !allowed.includes(fields.answer) || !reason) {
    return refuse(400, `answer with {"answer": "${allowed.join('" or "')}", "reason": "..."}`);
  }
  const given = fields.answer;
  const first = await answerTask(ledger, task.id, given, request.caller, reason);
  const standing = first ? { answer: given, answeredBy: request.caller, reason } : await getTask(ledger, task.id);
  // told again on a repeat: a crash between the answer and its line must not lose it
  await ledger.tell(task.case, (current) => (current.tasks.some(({ id, answer: told }) => id === task.id && told !== undefined) ? undefined : { kind: 'answered', task: task.id, answer: standing?.answer ?? given, by: standing?.answeredBy ?? '', reason: standing?.reason ?? '' }));
  if (task.kind === 'approve') await wakeAll(clientOf, ledger, `case:${task.case}`);
  log.info('task answered', { task: task.id, case: task.case, answer: standing?.answer, by: standing?.answeredBy });
  if (!first && standing?.answer !== given) return refuse(409, `it was answered before: ${standing?.answer} by ${standing?.answeredBy}`);
  return { status: 200, body: await getTask(ledger, task.id) };
};

const listCredentials: Act = async (request, { registry, configuration }) => {
  const { id, cursor } = request.query;
  if (id) {
    const found = await registry.credential(id, configuration);
    return found ? { status: 200, body: { credentials: [found] } } : refuse(404, 'the registry knows no such credential');
  }
  const page = await registry.list(limitOf(request), cursor);
  const unreadable = await registry.unreadable(largestPage);
  return { status: 200, body: { credentials: page.items, cursor: page.cursor, unreadable: unreadable.items.map(({ name, unreadable: reason }) => ({ secret: name, reason })) } };
};

const health: Act = async (_request, { configuration, registry }) => {
  const walk = await registry.walk();
  return { status: 200, body: { status: 'ok', installation: configuration.installation, mode: configuration.mode, indexedAt: walk?.finishedAt } };
};

/** Every path of the API with what it does; the OpenAPI file is held against this list. */
export const routes: readonly Route[] = [
  { path: ['cases'], methods: { GET: listCases } },
  { path: ['cases', '{id}'], methods: { GET: showCase } },
  { path: ['cases', '{id}', 'close'], methods: { POST: closeCase } },
  { path: ['tasks'], methods: { GET: showTasks } },
  { path: ['tasks', '{id}'], methods: { POST: answer } },
  { path: ['credentials'], methods: { GET: listCredentials } },
  { path: ['health'], methods: { GET: health } },
];
