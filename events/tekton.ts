import { cloudEventsOf, welcomeOf, type CloudEvent } from './cloud-events.ts';
import type { Read } from './body.ts';
import { at, isoTime, rawText, textAt } from './fields.ts';
import { idAt, ignored, jobEnded, malformed, mostBytesOfRuns } from './job-end.ts';
import { sharedSecret } from './shared-secret.ts';
import type { JobEnded, Parsed, RunName, WebhookRequest, WebhookSource } from './trigger.ts';

const TEKTON_END = /^dev\.tekton\.event\.(taskrun|pipelinerun|customrun|run)\.(successful|failed)\.v1$/;
const CDEVENTS_END = /^dev\.cdevents\.(taskrun|pipelinerun|build|testcaserun|testsuiterun)\.finished(?:\.|$)/;

/** An end, or why the event is none: `none` where it ends nothing, `broken` where it should and cannot be read. */
type Heard = { kind: 'end'; end: JobEnded } | { kind: 'none'; reason: string } | { kind: 'broken'; reason: string };

const broken = (reason: string): Heard => ({ kind: 'broken', reason });

const runOf = (run: string, job?: string): RunName => ({ platform: 'tekton', run, attempt: '1', ...(job === undefined ? {} : { job }) });

const asList = (value: unknown): readonly unknown[] => (Array.isArray(value) ? (value as unknown[]) : []);

/** The pipeline run that a task run is part of, or '' where it stands alone. The label is newer than the owner reference. */
const pipelineRunOf = (metadata: unknown): string =>
  idAt(metadata, 'labels', 'tekton.dev/pipelineRunUID') || idAt(asList(at(metadata, 'ownerReferences')).find((owner) => rawText(owner, 'kind') === 'PipelineRun'), 'uid');

/** In which field the run stands of which kind of event. */
const objects: Record<string, string> = { taskrun: 'taskRun', pipelinerun: 'pipelineRun', customrun: 'customRun', run: 'run' };

const ofTekton = (kind: string, word: string, event: CloudEvent, data: unknown): Heard => {
  const told = at(data, objects[kind] ?? '');
  const metadata = at(told, 'metadata');
  const uid = idAt(metadata, 'uid');
  if (uid === '') return broken('metadata.uid of the run is missing or not an id');
  const pipelineRun = kind === 'pipelinerun' ? '' : pipelineRunOf(metadata);
  const condition = asList(at(told, 'status', 'conditions')).find((one) => rawText(one, 'type') === 'Succeeded');
  const named = textAt(metadata, 'labels', `tekton.dev/${kind === 'pipelinerun' ? 'pipeline' : 'task'}`) || textAt(metadata, 'labels', 'tekton.dev/pipeline') || textAt(metadata, 'name');
  return {
    kind: 'end',
    end: jobEnded({
      source: tekton.name,
      run: pipelineRun === '' ? runOf(uid) : runOf(pipelineRun, uid),
      at: isoTime(rawText(told, 'status', 'completionTime')) || isoTime(event.time),
      state: textAt(condition, 'reason') || word,
      name: named,
    }, [kind]),
  };
};

const ofCdEvents = (kind: string, event: CloudEvent, data: unknown): Heard => {
  const subject = idAt(data, 'subject', 'id');
  if (subject === '') return broken('subject.id is missing or not an id');
  const content = at(data, 'subject', 'content');
  const pipelineRun = kind === 'pipelinerun' ? '' : idAt(content, 'pipelineRun', 'id');
  return {
    kind: 'end',
    end: jobEnded({
      source: tekton.name,
      run: pipelineRun === '' ? runOf(subject) : runOf(pipelineRun, subject),
      at: isoTime(event.time) || isoTime(rawText(data, 'context', 'timestamp')),
      state: textAt(content, 'outcome') || 'finished',
      name: textAt(content, kind === 'pipelinerun' ? 'pipelineName' : 'taskName'),
    }, [kind]),
  };
};

const heard = (event: CloudEvent): Heard => {
  const [, tektonKind, word = ''] = TEKTON_END.exec(event.type) ?? [];
  const [, cdKind] = CDEVENTS_END.exec(event.type) ?? [];
  const kind = tektonKind ?? cdKind;
  if (kind === undefined) {
    const known = /^dev\.(?:tekton|cdevents)\./.test(event.type);
    return { kind: 'none', reason: known ? 'the event is not of a run that is over: nothing has ended' : 'not a Tekton or CDEvents event' };
  }
  const data: Read<unknown> = event.data;
  if (!data.ok) return broken(data.reason);
  return tektonKind === undefined ? ofCdEvents(kind, event, data.value) : ofTekton(kind, word, event, data.value);
};

const parse = (request: WebhookRequest): Parsed => {
  const events = cloudEventsOf(request);
  if (!events.ok) return malformed(events.reason);
  const all = events.value.map(heard);
  const wrong = all.findIndex(({ kind }) => kind === 'broken');
  const first = all[wrong];
  // As a whole: the sender sends it again, and ends that were taken before are the same ends.
  if (first?.kind === 'broken') return malformed(all.length === 1 ? first.reason : `event ${wrong + 1} of the batch: ${first.reason}`);
  const ends = new Map(all.flatMap((one) => (one.kind === 'end' ? [[one.end.end, one.end] as const] : [])));
  if (ends.size > 0) return { kind: 'triggers', triggers: [...ends.values()] };
  const none = all.find((one) => one.kind === 'none');
  return ignored(none?.reason ?? 'the batch holds no events');
};

/** Tekton's and CDEvents' CloudEvents about runs that are over. Nothing is signed: they are believed behind a shared secret only. */
export const tekton: WebhookSource = {
  transport: 'webhook',
  name: 'tekton',
  mostBytes: mostBytesOfRuns,
  authenticate: (request, secrets) => sharedSecret(request, secrets, 'x-rescind-secret', { bearer: true }),
  parse,
  welcome: welcomeOf,
};
