/** The thread that compares passwords with bcrypt hashes: some 70 ms each, one at a time. */
import { compareSync } from 'bcryptjs';
import { answerQuestions } from '../../worker-thread.js';

export interface PasswordQuestion {
  readonly password: string;
  readonly hash: string;
}

// bcryptjs does not know the oldest prefix, which means the same as 2b for ASCII.
answerQuestions(({ password, hash }: PasswordQuestion): boolean =>
  compareSync(password, hash.replace(/^\$2\$/, '$2a$')),
);
