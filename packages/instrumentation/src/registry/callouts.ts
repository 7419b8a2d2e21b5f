/**
 * What the packages call and do not own. Their errors are counted by target and go no further: `logger`, `listener` (of slow
 * operations, errors and stores), `tracer` (with the context manager), `redactor` (of error messages), `hook` (`health.onChange`).
 */
export const calloutTargets = ['logger', 'listener', 'tracer', 'redactor', 'hook'] as const

/** What failed: see `MetricsRegistry.recordCalloutFailure`. */
export type CalloutTarget = (typeof calloutTargets)[number]
