import type { Acted, Context, Copy, Left, Probed } from '../../core/connector.ts';
import type { Edges } from '../edges.ts';
import { begin, type Standing } from './begin.ts';
import { remembering } from './noted.ts';
import { isOverdue, patienceMilliseconds } from './others.ts';
import { placesOf, type Place } from './place.ts';
import { describe, wasCurrent } from './secret.ts';

const pollMilliseconds = 8_000;
const firstPauseMilliseconds = 250;
const longestPauseMilliseconds = 1_500;

type Opens = (value: string) => Promise<Probed>;

/** Rotates each bound secret once, however many copies it holds, and waits a little for the outcome. */
export const rotateSecrets = async (edges: Edges, copies: readonly Copy[], opens: Opens, asked: Context): Promise<Acted> => {
  const context = remembering(asked);
  context.signal.throwIfAborted();
  const { places, left } = placesOf(copies);
  if (places.length === 0) return { result: 'already', note: `no bound copy holds it: nothing was rotated${left.length > 0 ? `; ${left.length} unbound left as they are` : ''}` };
  const standings = new Map<Place, Standing>();
  for (const place of places) standings.set(place, await begin(edges, place, opens, context));
  await wait(edges, standings, opens, context);
  return summed(standings, left);
};

/** Looks until all are finished, for eight seconds at most. */
const wait = async (edges: Edges, standings: Map<Place, Standing>, opens: Opens, context: Context): Promise<void> => {
  const end = context.now().getTime() + pollMilliseconds;
  for (let pause = firstPauseMilliseconds; ; pause = Math.min(pause * 1.5, longestPauseMilliseconds)) {
    let isRunning = false;
    for (const [place, standing] of standings) {
      if (standing.standing !== 'running' && standing.standing !== 'waiting') continue;
      const next = standing.standing === 'running' ? await look(edges, place, standing, context) : await begin(edges, place, opens, context);
      standings.set(place, next);
      if (standing.standing === 'running' && next.standing === 'done') await context.intent.note({ place: place.place, done: true });
      isRunning ||= next.standing === 'running' || next.standing === 'waiting';
    }
    if (!isRunning || context.now().getTime() >= end) return;
    await context.sleep(pause, context.signal);
  }
};

const look = async (edges: Edges, { place }: Place, running: Extract<Standing, { standing: 'running' }>, context: Context): Promise<Standing> => {
  const described = await describe(edges, place, context.signal);
  if (!described) return { standing: 'left', reason: 'the secret was deleted meanwhile', unread: true };
  if (described.DeletedDate) return { standing: 'left', reason: 'it is being deleted', unread: true };
  if (wasCurrent(described, running.token)) return { standing: 'done', note: 'rotated' };
  if (!isOverdue(running.since, context.now())) return running;
  return { standing: 'refused', reason: `its rotation function did not finish within ${patienceMilliseconds / 1000} seconds, and its pending value may be the only one that opens the door` };
};

const summed = (standings: ReadonlyMap<Place, Standing>, unbound: readonly Left[]): Acted => {
  const replaced: Copy[] = [];
  const left: Left[] = [...unbound];
  const notes = new Set<string>();
  const reasons: string[] = [];
  const questions: string[] = [];
  const running: Place[] = [];
  const waiting: Place[] = [];
  for (const [place, standing] of standings) {
    switch (standing.standing) {
      case 'done':
        replaced.push(...place.copies);
        notes.add(standing.note);
        break;
      case 'left':
        left.push(...place.copies.map((copy) => ({ copy, reason: standing.reason, unread: standing.unread })));
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
        break;
      case 'waiting':
        waiting.push(place);
    }
  }
  const [first] = [...running, ...waiting];
  if (first) {
    const sentences = [running.length > 0 ? `the rotation of ${namesOf(running)} is under way` : [], waiting.length > 0 ? `a rotation of ${namesOf(waiting)} that somebody else began is waited for` : []].flat();
    return { result: 'pending', note: sentences.join('; '), seconds: 15, wakes: first.place };
  }
  if (questions.length > 0) return { result: 'ask', question: questions.join('; ') };
  if (replaced.length === 0 && reasons.length > 0) return { result: 'refused', reason: reasons.join('; '), meanwhile: 'nothing of ours: the copies hold what they held' };
  const count = new Set(replaced.map(({ place }) => place)).size;
  const note = count === 0 ? 'none of its copies can be rotated by us' : `${count} ${count === 1 ? 'secret' : 'secrets'}: ${[...notes].join('; ')}`;
  return { result: 'done', note, replaced, left };
};

const namesOf = (places: readonly Place[]): string => places.map(({ name }) => name).join(', ');
