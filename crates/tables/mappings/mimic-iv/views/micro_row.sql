-- A row is a specimen, a test of it, an organism that grew and an antibiotic it was tried with, as far as these exist. The first
-- row of each speaks for it.
SELECT m.*,
       coalesce(m.charttime, m.chartdate) AS taken,
       row_number() OVER (PARTITION BY m.micro_specimen_id ORDER BY m.microevent_id) AS nth_of_specimen,
       row_number() OVER (PARTITION BY m.micro_specimen_id, m.test_itemid ORDER BY m.microevent_id) AS nth_of_test,
       row_number() OVER (PARTITION BY m.micro_specimen_id, m.test_itemid, m.org_itemid, m.isolate_num ORDER BY m.microevent_id) AS nth_of_organism
FROM microbiologyevents m
