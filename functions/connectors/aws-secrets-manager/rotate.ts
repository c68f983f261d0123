import type { Acted, Context, Copy, Probed } from '../../core/connector.ts';
import type { Edges } from '../edges.ts';
import { begin, type Place, type Standing } from './begin.ts';
import { describe, wasCurrent } from './secret.ts';

const pollMilliseconds = 8_000;
const firstPauseMilliseconds = 250;
const longestPauseMilliseconds = 1_500;
/** A rotation function that has not finished by then has failed: Secrets Manager does not tell. */
const deadlineMilliseconds = 180_000;

const placesOf = (copies: readonly Copy[]): { places: Place[]; left: { copy: Copy; reason: string }[] } => {
  const places = new Map<string, Place>();
  const left: { copy: Copy; reason: string }[] = [];
  for (const copy of copies) {
    if (!copy.bound) left.push({ copy, reason: 'nobody vouched for it in the configuration: reported, never rotated' });
    else places.set(copy.place, { place: copy.place, name: copy.name, copies: [...(places.get(copy.place)?.copies ?? []), copy] });
  }
  return { places: [...places.values()], left };
};

/** Rotates each bound secret once, however many copies it holds, and waits a little for the outcome. */
export const rotateSecrets = async (edges: Edges, copies: readonly Copy[], opens: (value: string) => Promise<Probed>, context: Context): Promise<Acted> => {
  context.signal.throwIfAborted();
  const { places, left } = placesOf(copies);
  if (places.length === 0) return { result: 'already', note: `no bound copy holds it: nothing was rotated${left.length > 0 ? `; ${left.length} unbound left as they are` : ''}` };
  const standings = new Map<Place, Standing>();
  for (const place of places) standings.set(place, await begin(edges, place, opens, context));
  await wait(edges, standings, context);
  return summed(standings, left);
};

/** Looks until all are finished, for eight seconds at most. */
const wait = async (edges: Edges, standings: Map<Place, Standing>, context: Context): Promise<void> => {
  const end = context.now().getTime() + pollMilliseconds;
  for (let pause = firstPauseMilliseconds; ; pause = Math.min(pause * 1.5, longestPauseMilliseconds)) {
    let isRunning = false;
    for (const [place, standing] of standings) {
      if (standing.standing !== 'running') continue;
      const next = await look(edges, place, standing, context);
      standings.set(place, next);
      if (next.standing === 'done') await context.intent.note({ place: place.place, done: true });
      isRunning ||= next.standing === 'running';
    }
    if (!isRunning || context.now().getTime() >= end) return;
    await context.sleep(pause, context.signal);
  }
};

const look = async (edges: Edges, { place }: Place, running: Extract<Standing, { standing: 'running' }>, context: Context): Promise<Standing> => {
  const described = await describe(edges, place, context.signal);
  if (!described) return { standing: 'left', reason: 'the secret was deleted meanwhile' };
  if (described.DeletedDate) return { standing: 'left', reason: 'it is being deleted' };
  if (wasCurrent(described, running.token)) return { standing: 'done', note: 'rotated' };
  if (context.now().getTime() - running.since.getTime() < deadlineMilliseconds) return running;
  return { standing: 'refused', reason: `its rotation function did not finish within ${deadlineMilliseconds / 1000} seconds, and its pending value may be the only one that opens the door` };
};

const summed = (standings: ReadonlyMap<Place, Standing>, unbound: { copy: Copy; reason: string }[]): Acted => {
  const replaced: Copy[] = [];
  const left = [...unbound];
  const notes = new Set<string>();
  const reasons: string[] = [];
  const questions: string[] = [];
  const running: Place[] = [];
  for (const [place, standing] of standings) {
    switch (standing.standing) {
      case 'done':
        replaced.push(...place.copies);
        notes.add(standing.note);
        break;
      case 'left':
        left.push(...place.copies.map((copy) => ({ copy, reason: standing.reason })));
        break;
      case 'refused':
        left.push(...place.copies.map((copy) => ({ copy, reason: standing.reason })));
        reasons.push(`${place.name}: ${standing.reason}`);
        break;
      case 'ask':
        questions.push(standing.question);
        break;
      case 'running':
        running.push(place);
    }
  }
  const [first] = running;
  if (first) return { result: 'pending', note: `the rotation of ${running.map(({ name }) => name).join(', ')} is under way`, seconds: 15, wakes: first.place };
  if (questions.length > 0) return { result: 'ask', question: questions.join('; ') };
  if (replaced.length === 0 && reasons.length > 0) return { result: 'refused', reason: reasons.join('; '), meanwhile: 'nothing of ours: the copies hold what they held' };
  const count = new Set(replaced.map(({ place }) => place)).size;
  const note = count === 0 ? 'none of its copies can be rotated by us' : `${count} ${count === 1 ? 'secret' : 'secrets'}: ${[...notes].join('; ')}`;
  return { result: 'done', note, replaced, left };
};
