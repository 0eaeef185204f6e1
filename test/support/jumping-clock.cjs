// Loaded ahead of a daemon: its clock is off by what a file says, as after `date -s`. Timers stay.
const { readFileSync } = require('node:fs');
const now = Date.now.bind(Date);
Date.now = () => now() + Number(readFileSync(process.env.JUMP_FILE, 'utf8')) * 1000;
process.stderr.write('the clock jumps\n');
