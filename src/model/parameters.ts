/** Parameters of jobs. */

/** A value of a job's parameter. */
export type ParameterValue = string | number | boolean;

/** The parameters of one job, by name. */
export type Parameters = Readonly<Record<string, ParameterValue>>;
