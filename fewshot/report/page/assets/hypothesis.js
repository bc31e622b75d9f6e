// A hypothesis: who says what in which role, as a table of sets.

/** A table with a row for each role and a column for the gold value and for each system. */
function hypothesisTable(example, systems) {
  const values = [{ head: "gold", value: example.gold, faults: [] }].concat(
    systems.map(({ system, answer }) => ({
      head: `${system.letter} ${system.name}`,
      value: answer.value,
      faults: answer.faults,
    })),
  );
  const roles = Object.keys(values.find(({ value }) => value)?.value ?? {});
  return make(
    "table",
    { class: "hypothesis" },
    make("thead", {}, make("tr", {}, make("td"), values.map(({ head }) => make("th", { scope: "col" }, head)))),
    make(
      "tbody",
      {},
      roles.map((role) =>
        make(
          "tr",
          {},
          make("th", { scope: "row" }, role),
          values.map(({ value, faults }) => make("td", {}, members(value?.[role] ?? [], role, faults))),
        ),
      ),
    ),
  );
}

/** The members of one role, those that are wrong marked, those that are missed named. */
function members(said, role, faults) {
  const here = faults.filter((fault) => (fault.predicted ?? fault.gold).of === role);
  const wrong = new Map(here.filter((fault) => fault.predicted).map((fault) => [memberKey(fault.predicted), fault]));
  const missed = here.filter((fault) => !fault.predicted);
  return make(
    "ul",
    { class: "members" },
    said.map((member) => {
      const fault = wrong.get(memberKey(member));
      return make(
        "li",
        { class: fault ? "wrong" : false },
        fault ? make("span", { class: "verdict" }, `${fault.title}: `) : null,
        member.text,
        make("small", {}, member.label),
      );
    }),
    missed.map((fault) =>
      make("li", { class: "missed" }, make("span", { class: "verdict" }, `${fault.title}: `), fault.gold.text,
        make("small", {}, fault.gold.label)),
    ),
  );
}

function memberKey(member) {
  return `${member.label}\u0001${member.text}`;
}
