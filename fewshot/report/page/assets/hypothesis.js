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
  const wrong = new Map();
  const missed = [];
  for (const fault of faults.filter((one) => one.scored)) {
    for (const part of fault.predicted) if (part.role === role) wrong.set(memberKey(part), fault);
    if (!fault.predicted.length) missed.push(...fault.gold.filter((part) => part.role === role));
  }
  return make(
    "ul",
    { class: "members" },
    said.map((member) => memberItem(member, wrong.get(memberKey(member)))),
    missed.map((part) => make("li", { class: "missed" }, make("span", {}, "− missed: "), part.text, make("small", {}, part.label))),
  );
}

function memberItem(member, fault) {
  return make("li", { class: fault ? "wrong" : "right" }, make("span", {}, fault ? `${fault.sign} ${fault.title}: ` : ""),
    member.text, make("small", {}, member.label));
}

function memberKey(member) {
  return `${member.label}\u0001${member.text}`;
}
