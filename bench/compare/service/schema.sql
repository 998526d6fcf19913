CREATE TABLE awards (
    code text NOT NULL,
    operative_from date NOT NULL,
    rules jsonb NOT NULL,
    PRIMARY KEY (code, operative_from)
);
CREATE TABLE award_rates (
    code text NOT NULL,
    operative_from date NOT NULL,
    classification text NOT NULL,
    hourly numeric(10, 2) NOT NULL,
    PRIMARY KEY (code, operative_from, classification)
);
CREATE TABLE public_holidays (
    state text NOT NULL,
    -- When it begins: at midnight, or later where part of the day is one.
    day timestamp NOT NULL,
    PRIMARY KEY (state, day)
);
CREATE TABLE accepted_quotes (
    id uuid PRIMARY KEY,
    caller text NOT NULL,
    award text NOT NULL,
    classification text NOT NULL,
    employment text NOT NULL,
    state text NOT NULL,
    operative_from date NOT NULL,
    total numeric(14, 2) NOT NULL,
    lines jsonb NOT NULL,
    request jsonb NOT NULL,
    accepted_at timestamptz NOT NULL DEFAULT now()
);
