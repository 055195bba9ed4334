-- The streams that name a subject: goals under a goal, goals and reviews of a person, what a person holds, and the ids
-- that were merged into a person's.
drop index {schema}.events_by_named;
create index events_by_named on {schema}.events using gin (subjects) where topic in (
    'goals.GoalAssigned', 'goals.GoalHandedOver', 'reviews.ReviewOpened',
    'responsibilities.ResponsibilityAssigned', 'responsibilities.HandOverAccepted', 'people.PersonsMerged');
