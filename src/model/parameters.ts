/** Parameters of jobs. */

/** What a parameter of a job may be. */
export type ParameterValue = string | number | boolean;

/** The parameters of one job, by name. */
export type Parameters = Readonly<Record<string, ParameterValue>>;
