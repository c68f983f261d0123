import type { Case } from '../core/case.ts';
import type { Child } from '../core/connector.ts';
import { childrenOf } from '../core/run.ts';
import { answerPage, refuse, sliceOf, type Act } from './api-request.ts';
import { listTasks, type TaskItem } from './claims.ts';
import type { CaseHead, Ledger } from './ledger.ts';

const statuses = ['open', 'waiting', 'contained', 'not-contained', 'unmatched', 'observed', 'closed'];
const taskStatuses = ['open', 'answered'];
const mostUnreadable = 200;

type Summary = Pick<CaseHead, 'id' | 'status' | 'openedAt' | 'endedAt' | 'closed' | 'credential' | 'source' | 'attempt'>;

const summary = ({ id, status, openedAt, endedAt, closed, credential, source, attempt }: Summary): Summary => ({ id, status, openedAt, endedAt, closed, credential, source, attempt });

const summaryOf = (found: Case): Summary => summary({ ...found, source: found.reports[0]?.source ?? '' });

/** `GET /cases` */
export const listCases: Act = async (request, { ledger }) => {
  const { status, delivery, credential } = request.query;
  const slice = sliceOf(request);
  if ('refusal' in slice) return slice.refusal;
  if (status && !statuses.includes(status)) return refuse(400, `status is one of ${statuses.join(', ')}`);
  if (delivery || credential) {
    const ids = await ledger.pointed(delivery ? 'delivery' : 'credential', delivery ?? credential ?? '');
    const cases = (await Promise.all(ids.slice(0, slice.limit).map((id) => ledger.load(id)))).flatMap((found) => found ?? []);
    return { status: 200, body: { cases: cases.filter((found) => !status || found.status === status).map(summaryOf) } };
  }
  return answerPage(request, async () => {
    const page = await ledger.list(status, slice.limit, slice.cursor);
    return { cases: page.items.map(summary), cursor: page.cursor };
  });
};

/** A task as people see it: what it is about is between the plan and us. */
export const shownTask = ({ about: _, ...task }: TaskItem): Omit<TaskItem, 'about'> => task;

/** `GET /tasks` */
export const showTasks: Act = async (request, { ledger }) => {
  const { status } = request.query;
  const slice = sliceOf(request);
  if ('refusal' in slice) return slice.refusal;
  if (status && !taskStatuses.includes(status)) return refuse(400, `status is one of ${taskStatuses.join(', ')}`);
  return answerPage(request, async () => {
    const page = await listTasks(ledger, status, slice.limit, slice.cursor);
    return { tasks: page.items.map(shownTask), cursor: page.cursor };
  });
};

/** What was minted from a credential, as its latest case knows it: an outcome's children belong to its case. */
const childrenNow = async (id: string, ledger: Ledger): Promise<{ case?: string; children: Child[] }> => {
  const [latest] = await ledger.pointed('credential', id);
  const found = latest === undefined ? undefined : await ledger.load(latest);
  return { case: found?.id, children: found?.outcome?.children ?? (found ? childrenOf(found) : []) };
};

/** `GET /credentials` */
export const listCredentials: Act = async (request, { registry, ledger, configuration }) => {
  const { id } = request.query;
  const slice = sliceOf(request);
  if ('refusal' in slice) return slice.refusal;
  if (id) {
    const found = await registry.credential(id, configuration);
    return found ? { status: 200, body: { credentials: [{ ...found, ...(await childrenNow(id, ledger)) }] } } : refuse(404, 'the registry knows no such credential');
  }
  return answerPage(request, async () => {
    const [page, unreadable] = await Promise.all([registry.list(slice.limit, configuration, slice.cursor), registry.unreadable(mostUnreadable)]);
    return { credentials: page.items, cursor: page.cursor, unreadable: unreadable.items.map(({ name, unreadable: reason }) => ({ secret: name, reason })) };
  });
};
