/** Two sets that are both enough must share a host, or two operators could hold the lock at once. */
import { isQuorum } from "../../../core/journal/quorum";

const setsOf = (hosts: number) =>
  Array.from({ length: 2 ** hosts }, (_, bits) =>
    Array.from({ length: hosts }, (__, at) => ((bits >> at) & 1) === 1),
  );

test.each([1, 2, 3, 4, 5, 6, 7])("of %i hosts, any two quorums have one in common", (hosts) => {
  const quorums = setsOf(hosts).filter(isQuorum);
  expect(quorums.length).toBeGreaterThan(0);
  for (const a of quorums)
    for (const b of quorums) expect(a.some((present, at) => present && b[at])).toBe(true);
});

test("the source's three are enough when all three of the target are gone, not the other way round", () => {
  expect(isQuorum([true, true, true, false, false, false])).toBe(true);
  expect(isQuorum([false, false, false, true, true, true])).toBe(false);
});
