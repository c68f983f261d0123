import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics } from '@aws-lambda-powertools/metrics';
import { IssuerFailed } from '../core/connector.ts';
import { dimensions, metrics, namespace, type MetricName } from './metrics.ts';

/** What functions say about themselves: facts in fields, never a value. */
export interface Log {
  info(message: string, fields?: Record<string, unknown>): void;
  warn(message: string, fields?: Record<string, unknown>): void;
  error(message: string, fields?: Record<string, unknown>): void;
}

/** Counts something; the metric's name is one of ours. */
export type Count = (metric: MetricName, value?: number) => void;

let logger: Logger | undefined;
let counters: Metrics | undefined;

/** The logger of a deployed function (one JSON line per entry), made at the first call. */
export const powertoolsLogger = (): Logger => (logger ??= new Logger({ serviceName: dimensions.service }));

/** The metrics of a deployed function (embedded metric format), made at the first call. */
export const powertoolsMetrics = (): Metrics => (counters ??= new Metrics({ namespace, serviceName: dimensions.service }));

export const deployedLog: Log = {
  info: (message, fields = {}) => powertoolsLogger().info(message, fields),
  warn: (message, fields = {}) => powertoolsLogger().warn(message, fields),
  error: (message, fields = {}) => powertoolsLogger().error(message, fields),
};

export const deployedCount: Count = (metric, value = 1) => powertoolsMetrics().addMetric(metric, metrics[metric], value);

/** The error with its name and its way through the code, and without its message, for wherever it is kept. */
export const withoutMessage = (error: unknown): Error => {
  const frames = error instanceof Error ? (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line)) : [];
  const shown = new Error('its message may quote what somebody was given and is not kept');
  shown.name = errorName(error);
  shown.stack = [`${shown.name}: ${shown.message}`, ...frames].join('\n');
  return shown;
};

/** An error's name and nothing else: messages of others may quote what they were given. */
export const errorName = (error: unknown): string => (error instanceof Error ? error.name : typeof error);

/** What may be kept of an error: the sentence that a connector wrote for people, or no more than the name. */
export const errorSays = (error: unknown): string => (error instanceof IssuerFailed ? error.message : errorName(error));
