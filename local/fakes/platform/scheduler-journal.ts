import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ScheduleFields } from './scheduler-fields.ts';

/** One schedule as Scheduler keeps it. Times in milliseconds since 1970. */
export interface Schedule {
  name: string;
  group: string;
  fields: ScheduleFields;
  at: number;
  createdAt: number;
  modifiedAt: number;
  clientToken?: string;
  /** It ran; only one with `ActionAfterCompletion: NONE` is still there then. */
  isCompleted?: boolean;
}

export interface Group {
  name: string;
  createdAt: number;
}

/** One change; replayed in order they give the schedules again. */
export type ScheduleChange = { op: 'put'; schedule: Schedule } | { op: 'delete'; group: string; name: string } | { op: 'put-group'; group: Group } | { op: 'delete-group'; name: string };

/** All schedules by group and name, and all groups by name. */
export interface Schedules {
  schedules: ReadonlyMap<string, Schedule>;
  groups: ReadonlyMap<string, Group>;
  /** Makes a change; it has reached the file, where there is one, when this returns. */
  change(change: ScheduleChange): void;
}

/** Under which a schedule is kept; neither part can hold a slash. */
export const keyOf = (group: string, name: string): string => `${group}/${name}`;

const linesOf = (file: string): ScheduleChange[] => {
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8').split('\n').flatMap((line) => {
    try {
      return line === '' ? [] : [JSON.parse(line) as ScheduleChange];
    } catch {
      // Half a line: its writer was killed before it could answer, so nobody was promised anything.
      return [];
    }
  });
};

/** Keeps schedules in memory and, where a folder is given, in its `schedules.jsonl`, one change a line, rewritten when it is opened. */
export const keptSchedules = (folder?: string): Schedules => {
  const schedules = new Map<string, Schedule>();
  const groups = new Map<string, Group>();
  const file = folder === undefined ? undefined : join(folder, 'schedules.jsonl');
  const apply = (change: ScheduleChange): void => {
    switch (change.op) {
      case 'put':
        schedules.set(keyOf(change.schedule.group, change.schedule.name), change.schedule);
        break;
      case 'delete':
        schedules.delete(keyOf(change.group, change.name));
        break;
      case 'put-group':
        groups.set(change.group.name, change.group);
        break;
      case 'delete-group':
        groups.delete(change.name);
        for (const [key, { group }] of schedules) if (group === change.name) schedules.delete(key);
        break;
    }
  };
  if (folder !== undefined && file !== undefined) {
    mkdirSync(folder, { recursive: true });
    linesOf(file).forEach(apply);
    const changes: ScheduleChange[] = [...[...groups.values()].map((group) => ({ op: 'put-group' as const, group })), ...[...schedules.values()].map((schedule) => ({ op: 'put' as const, schedule }))];
    writeFileSync(`${file}.new`, changes.map((change) => `${JSON.stringify(change)}\n`).join(''));
    renameSync(`${file}.new`, file);
  }
  return {
    schedules,
    groups,
    change: (change) => {
      if (file !== undefined) appendFileSync(file, `${JSON.stringify(change)}\n`);
      apply(change);
    },
  };
};
