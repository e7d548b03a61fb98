BEGIN TRANSACTION;
CREATE TABLE cohorts (
	id VARCHAR(32) NOT NULL, 
	name TEXT NOT NULL, 
	rows INTEGER NOT NULL, 
	created FLOAT NOT NULL, 
	listed INTEGER NOT NULL, 
	PRIMARY KEY (id)
);
CREATE TABLE events (
	number INTEGER NOT NULL, 
	job VARCHAR(32), 
	kind VARCHAR(8) NOT NULL, 
	body TEXT NOT NULL, 
	PRIMARY KEY (number), 
	FOREIGN KEY(job) REFERENCES jobs (id) ON DELETE CASCADE
);
INSERT INTO "events" VALUES(1,'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa','epoch','{"epoch": 1, "loss": 0.5}');
INSERT INTO "events" VALUES(2,'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa','note','"So it is."');
CREATE TABLE jobs (
	id VARCHAR(32) NOT NULL, 
	work TEXT NOT NULL, 
	state VARCHAR(16) NOT NULL, 
	submitted FLOAT NOT NULL, 
	started FLOAT NOT NULL, 
	finished FLOAT NOT NULL, 
	beat FLOAT NOT NULL, 
	token INTEGER NOT NULL, 
	stop VARCHAR(8) NOT NULL, 
	stage TEXT NOT NULL, 
	fraction FLOAT NOT NULL, 
	result TEXT NOT NULL, 
	error TEXT NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "jobs" VALUES('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa','{"cohort": "c", "name": "x", "options": {"network": {"name": "tabm"}, "folds": 8, "time_limit_minutes": 30.0, "device": "auto", "imbalance": "none", "baselines": true, "seed": 0}, "start": "", "kind": "fit"}','running',1.79576917295224165911e+09,1795769172.96948,0.0,1795769172.96948,1,'','Training',0.5,'','');
CREATE TABLE models (
	id VARCHAR(32) NOT NULL, 
	name TEXT NOT NULL, 
	cohort VARCHAR(32) NOT NULL, 
	created FLOAT NOT NULL, 
	PRIMARY KEY (id)
);
CREATE INDEX ix_jobs_state ON jobs (state);
CREATE INDEX ix_events_job ON events (job);
COMMIT;
