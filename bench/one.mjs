// Runs the bench that its argument names, and sends its rows to the parent process.

const { run } = await import(`./${process.argv[2]}.mjs`);
const rows = await run();
process.send({ rows: [...rows], points: rows.points ?? [] }, () => process.disconnect());
