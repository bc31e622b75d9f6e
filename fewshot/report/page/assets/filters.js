// Which examples are listed.

const ANYTHING = "";

/** The filters of a part: names, what they offer, and whether an example passes. */
function filtersOf(part) {
  const systems = part.systems.map((system, place) => [String(place), `${system.letter} ${system.name}`]);
  const chosen = (example, state) => (state.system === ANYTHING ? example.answers : [example.answers[state.system]]);
  const filters = {
    show: {
      title: "Show",
      offers: [
        ["disagree", "systems disagree"],
        ["wrong", "something is wrong"],
        ["right", "everything is right"],
        ["malformed", "malformed answers"],
        ["unplaced", "names that could not be placed"],
        ["near", "near matches"],
      ],
      passes: (example, value, state) => SHOWN[value](example, chosen(example, state)),
    },
    system: { title: "System", offers: systems, passes: () => true },
    kind: {
      title: "Error",
      offers: part.kinds.filter((kind) => kind.seen).map((kind) => [kind.name, kind.title]),
      passes: (example, value, state) => faultsAmong(chosen(example, state), state).length > 0,
    },
    label: {
      title: "Label",
      offers: part.labels.map((label) => [label.name, label.name]),
      passes: (example, value, state) =>
        state.kind !== ANYTHING || hasLabel(example, chosen(example, state), value),
    },
    group: {
      title: "Article",
      offers: part.groups.length > 1 ? part.groups.map((group) => [group, group]) : [],
      passes: (example, value) => example.group === value,
    },
    first: { title: "Compare", blank: "–", offers: systems.length > 1 ? systems : [], passes: () => true },
    relation: {
      title: "which",
      offers: [
        ["fewer", "makes fewer errors than"],
        ["right", "is right, and wrong is"],
        ["differs", "says something else than"],
      ],
      always: true,
      passes: () => true,
    },
    second: {
      title: "with",
      blank: "–",
      offers: systems.length > 1 ? systems : [],
      passes: (example, value, state) =>
        state.first === ANYTHING || RELATIONS[state.relation](example.answers[state.first], example.answers[value]),
    },
    sure: {
      title: "Confidence at most",
      offers: part.examples.some((example) => example.answers.some((answer) => answer.sure))
        ? ["0.5", "0.7", "0.8", "0.9", "0.95", "0.99"].map((value) => [value, value])
        : [],
      passes: (example, value, state) =>
        chosen(example, state).some((answer) => answer.least !== null && answer.least <= Number(value)),
    },
  };
  if (systems.length < 2) filters.relation.offers = [];
  return Object.fromEntries(Object.entries(filters).filter(([, filter]) => filter.offers.length > 0));
}

const SHOWN = {
  disagree: (example) => example.disagree,
  wrong: (example, answers) => answers.some((answer) => answer.right === false),
  right: (example, answers) => answers.every((answer) => answer.right === true),
  malformed: (example, answers) => answers.some((answer) => answer.malformed),
  unplaced: (example, answers) => answers.some((answer) => answer.unplaced.length > 0),
  near: (example, answers) => answers.some((answer) => answer.near),
};

/** How two answers to one example can differ. */
const RELATIONS = {
  fewer: (one, other) => one.errors < other.errors,
  right: (one, other) => one.right === true && other.right === false,
  differs: (one, other) => one.key !== other.key,
};

/** What filters say before anybody chose. */
function initialState(filters) {
  const state = { search: "", system: ANYTHING, kind: ANYTHING, label: ANYTHING };
  for (const [name, filter] of Object.entries(filters)) state[name] = filter.always ? filter.offers[0][0] : ANYTHING;
  return state;
}

/** The faults of answers that have the kind, and the label, asked for. */
function faultsAmong(answers, state) {
  return answers
    .flatMap((answer) => answer.faults)
    .filter((fault) => state.kind === ANYTHING || fault.kind === state.kind)
    .filter((fault) => state.label === ANYTHING || faultLabels(fault).includes(state.label));
}

function faultLabels(fault) {
  return [...fault.gold, ...fault.predicted].flatMap(labelsOf);
}

/** What a span, a member or a panel is filtered by: its role where roles are asked for, else its label. */
function labelsOf(part) {
  return part.role ? [part.role, part.label] : [part.label];
}

function hasLabel(example, answers, label) {
  return [...partsOf(example.gold), ...answers.flatMap((answer) => answer.parts)].some((part) => labelsOf(part).includes(label));
}

/** The examples that pass every filter and hold every word that is searched for. */
function passing(part, filters, state) {
  const words = state.search.toLowerCase().split(/\s+/).filter(Boolean);
  const chosen = Object.entries(filters).filter(([name, filter]) => state[name] !== ANYTHING && !filter.always);
  return part.examples.filter((example) => {
    const text = words.length ? `${example.id} ${example.text}`.toLowerCase() : "";
    return (
      words.every((word) => text.includes(word)) &&
      chosen.every(([name, filter]) => filter.passes(ready(example, part), state[name], state))
    );
  });
}
