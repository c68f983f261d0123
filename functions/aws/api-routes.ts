import { isBeingWorkedOn, type Case } from '../core/case.ts';
import { caseViewOf } from '../core/case-view.ts';
import { listCases, listCredentials, shownTask, showTasks } from './api-lists.ts';
import { fieldsOf, mostReason, reasonOf, refuse, type Act } from './api-request.ts';
import { answerTask, getTask, release } from './claims.ts';
import { wakeAll } from './executions.ts';
import { forget } from './held.ts';
import type { Ledger } from './ledger.ts';
import { withdrawAll } from './tasks.ts';

export type { ApiDeps } from './api-request.ts';

interface Route {
  path: string[];
  methods: Record<string, Act>;
}

const showCase: Act = async ({ id }, { ledger }) => {
  const found = await ledger.load(id);
  return found ? { status: 200, body: caseViewOf(found) } : refuse(404, 'there is no such case');
};

const atWork = 'it is still being worked on: answer its task, or wait until it ends';

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
  if (isBeingWorkedOn(found)) return refuse(409, atWork);
  // before it is closed: a crash in between leaves a red case, which is asked to be closed again, and no task of a closed one
  const idle = await withdrawAll(found, { ledger });
  const closed = await ledger.tell(request.id, (current) => (current.closed || isBeingWorkedOn(current) ? undefined : { kind: 'closed', by: request.caller ?? '', reason }), idle);
  if (!closed.closed) return refuse(409, atWork);
  await letGo(closed, ledger);
  log.info('case closed by a person', { case: request.id, by: request.caller });
  return { status: 200, body: caseViewOf(closed) };
};

/** A closed case has no claim on its credential and needs no value any more. */
const letGo = async ({ id, credential, reports }: Case, ledger: Ledger): Promise<void> => {
  await forget(ledger, reports.flatMap(({ held }) => held ?? []), credential);
  if (credential) await release(ledger, credential, id);
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
  const standing = (await getTask(ledger, task.id)) ?? task;
  // told again on a repeat: a crash between the answer and its line must not lose it
  await ledger.tell(task.case, (current) => (current.tasks.some(({ id, answer: told }) => id === task.id && told !== undefined) ? undefined : { kind: 'answered', task: task.id, answer: standing.answer ?? given, by: standing.answeredBy ?? '', reason: standing.reason ?? '' }));
  if (task.kind === 'approve') await wakeAll(clientOf, ledger, `case:${task.case}`);
  log.info('task answered', { task: task.id, case: task.case, answer: standing.answer, by: standing.answeredBy });
  if (!first && standing.answer !== given) return refuse(409, `it was answered before: ${standing.answer} by ${standing.answeredBy}`);
  return { status: 200, body: shownTask(standing) };
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
