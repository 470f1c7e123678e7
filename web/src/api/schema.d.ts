// docs/openapi.json 68e52442b703691798f1e09a44f562bfea08b4d2b061ddea0d7cac689d9cb518
// Made by `make api-types`, not by hand: 3ca1bb50920e2729f24e72ae8679c88157399f667bb7371be8d9f53e929b7460
export type paths = Record<string, never>;
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        Account: {
            id: number;
            name: string;
            display: string;
            role: components["schemas"]["Role"];
            /** Format: date-time */
            created: string;
            disabled: string | null;
            /** Format: date-time */
            password_set: string;
        };
        AccountEvent: {
            seq: number;
            /** Format: date-time */
            at: string;
            who: string;
            what: string;
            target: string;
            /** @enum {string} */
            outcome: "done" | "refused" | "failed";
            from: string;
        };
        AccountEvents: {
            events: components["schemas"]["AccountEvent"][];
        };
        AlikePatient: {
            pair: string;
            patient: string;
        };
        Allergy: {
            ref: string;
            code: components["schemas"]["CodeText"];
            clinical?: string;
            verification?: string;
            criticality?: string;
            reactions: string[];
            none_known: boolean;
        };
        Approval: {
            no: number;
            /** @enum {string} */
            kind: "code" | "unit";
            map: string;
            value: string;
            system: string;
            code: string;
            display: string | null;
            equivalence: string;
            by: string;
            /** Format: date-time */
            at: string;
            revoked_by: string | null;
            revoked: string | null;
        };
        ApproveCodes: {
            source: string;
            map: string;
            kind?: string | null;
            value: string;
            codes: {
                system?: string | null;
                code: string;
                display?: string | null;
                equivalence?: string | null;
            }[];
        };
        ApprovedCodes: {
            approved: components["schemas"]["Approval"][];
            problems: number;
        };
        Arrival: {
            no: number;
            /** Format: date-time */
            at: string;
            door: string;
            source: string;
            name: string;
            media: string;
            wrapper: string;
            base: number;
            length: number;
            hash: string;
            principal: string;
            undone: string | null;
        };
        ArrivalSources: {
            sources: {
                name: string;
                door: string;
                /** Format: date-time */
                last: string;
                no: number;
            }[];
        };
        Arrivals: {
            arrivals: components["schemas"]["Arrival"][];
            next_before: number | null;
        };
        BegunMapping: {
            files: components["schemas"]["MappingFile"][];
        };
        ChangeUser: {
            role?: components["schemas"]["Role"] | null;
            disabled?: boolean | null;
            password?: string | null;
            unlock?: boolean;
        };
        ChangedSource: {
            mapping?: string | null;
            path?: string | null;
            upload?: boolean;
            url?: string | null;
            password?: string | null;
            rows_per_second?: number | null;
            hours?: string | null;
            unreached?: boolean;
        };
        Chart: {
            patient: components["schemas"]["ChartPatient"];
            problems: components["schemas"]["Problem"][];
            allergies: components["schemas"]["Allergy"][];
            medications: components["schemas"]["Medication"][];
            encounters: components["schemas"]["Encounter"][];
            tests: components["schemas"]["LabTest"][];
            results: components["schemas"]["LabResult"][];
            truncated: string[];
            withheld: string[];
            /** Format: date-time */
            as_of: string;
            seq: number;
        };
        ChartPatient: {
            id: string;
            name: components["schemas"]["Name"];
            born?: string;
            died?: string;
            sex?: string;
            identifiers: components["schemas"]["Identifier"][];
            merged_into?: string;
            merged_from: string[];
            may_be?: components["schemas"]["AlikePatient"][];
            same_as?: components["schemas"]["AlikePatient"][];
        };
        CheckValues: {
            table: string;
            at: string;
            against: string;
            concept: string;
        };
        CheckedFiles: {
            files: components["schemas"]["MappingFile"][];
            source?: string | null;
            target?: string | null;
        };
        CheckedMapping: {
            problems: components["schemas"]["MappingProblem"][];
            ms: number;
        };
        Choices: {
            language?: "en" | "zh-Hans" | null;
            theme?: "system" | "light" | "dark" | "night" | null;
            keys_off?: string[];
        };
        Code: {
            code: string;
        };
        CodeMap: {
            /** @enum {string} */
            kind: "code" | "unit";
            map: string;
            elements: string[];
            system: string | null;
            value_sets: string[];
            codes: {
                system: string;
                code: string;
            }[];
        };
        CodeText: {
            text: string;
            system?: string;
            code?: string;
        };
        Cohort: {
            id: number;
            name: string;
            definition: string;
            who: string;
            /** Format: date-time */
            at: string;
            seq: number;
            persons: number;
            rows: number;
        };
        CohortAsked: {
            definition: unknown;
            keep?: string;
            id?: number;
        };
        CohortFound: {
            persons: number;
            count: number;
            more: boolean;
            rows: {
                cohort_definition_id: number;
                subject_id: number;
                cohort_start_date: string;
                cohort_end_date: string;
            }[];
            steps: {
                name: string;
                events: number;
                persons: number;
            }[];
            concept_sets: {
                id: number;
                concepts: number;
            }[];
            seq: number;
            kept: components["schemas"]["Cohort"] | null;
        };
        Cohorts: {
            cohorts: components["schemas"]["Cohort"][];
        };
        ColumnProfile: {
            name: string;
            rows: number;
            values: number;
            nulls: {
                spelling: string;
                count: number;
            }[];
            distinct: number;
            distinct_exact: boolean;
            unique: boolean;
            top: {
                value: string;
                count: number;
            }[];
            top_error: number;
            shapes: {
                shape: string;
                count: number;
            }[];
            length: {
                min: number;
                max: number;
                mean: number;
            };
            numbers: components["schemas"]["NumberRange"] | null;
            dates: components["schemas"]["DateRange"] | null;
            role: string | null;
            doubts: components["schemas"]["Doubt"][];
        };
        CompleteSetUp: {
            code: string;
            name: string;
            display?: string | null;
            password: string;
        };
        CompletedFiles: {
            files: components["schemas"]["MappingFile"][];
            source?: string | null;
            file: string;
            line: number;
            column: number;
        };
        Corrected: {
            arrival: number;
            refused: {
                what: string;
                place: string;
                reasons?: {
                    reason: string;
                    element: string | null;
                    message: string;
                }[];
                said?: components["schemas"]["Doubt"] | null;
            } | null;
        };
        DateRange: {
            count: number;
            first: string;
            last: string;
            formats: {
                format: string;
                count: number;
            }[];
            with_time: number;
            midnights: number;
            zoned: number;
            ambiguous: boolean;
        };
        DeadLetter: {
            no: number;
            /** @enum {string} */
            state: "open" | "replayed" | "discarded";
            /** Format: date-time */
            at: string;
            what: string;
            place: string;
            hint: string;
            hint_said?: components["schemas"]["Doubt"] | null;
            arrival: components["schemas"]["Arrival"];
            offset: number;
            length: number;
            closed: string | null;
            closed_by: string | null;
            reason: string | null;
            reason_said?: components["schemas"]["Doubt"] | null;
            replayed_as: number | null;
            correction?: components["schemas"]["Arrival"] | null;
            row?: {
                table: string;
                row: number | null;
                encoding?: string | null;
                file: string;
                number: number | null;
                delivery: number | null;
                is_current: boolean;
                cells: {
                    [key: string]: string | null;
                };
                corrected: {
                    cells: {
                        [key: string]: string | null;
                    };
                    by: string;
                    /** Format: date-time */
                    at: string;
                    reason: string;
                } | null;
            } | null;
        };
        DeadLetters: {
            dead_letters: components["schemas"]["DeadLetter"][];
            open: number;
            next_before: number | null;
        };
        Deliveries: {
            deliveries: {
                delivery: number;
                /** Format: date-time */
                at: string;
                path: string;
                tables: {
                    name: string;
                    file: string;
                    rows: number;
                    new: number;
                    gone: number;
                    bad: number;
                }[];
            }[];
        };
        Discard: {
            reason: string;
        };
        Doubt: {
            code: string;
            values: {
                [key: string]: unknown;
            };
            text: string;
        };
        Encounter: {
            ref: string;
            status?: string;
            class?: string;
            class_code?: string;
            type?: string;
            start?: string;
            end?: string;
            place?: string;
        };
        Files: {
            paths: string[];
            source?: string | null;
            dry_run?: boolean;
        };
        FoundConcepts: {
            version: string;
            concepts: {
                concept_id: number;
                name: string;
                matched: string;
                code: string;
                vocabulary: string;
                domain: string;
                standard: boolean;
                valid: boolean;
                score: number;
                maps_to: {
                    concept_id: number;
                    name: string;
                }[];
            }[];
        };
        FoundPatient: {
            id: string;
            name: components["schemas"]["Name"];
            born?: string;
            died?: string;
            sex?: string;
            identifiers: components["schemas"]["Identifier"][];
            why: {
                kind: string;
                text: string;
            }[];
            /** Format: date-time */
            last_contact?: string;
        };
        Health: {
            /** @constant */
            status: "ok";
        };
        Identifier: {
            system?: string;
            value: string;
            label?: string;
        };
        IdentityDecision: {
            same: boolean;
            reason?: string | null;
        };
        IdentityLink: {
            id: string;
            /** @enum {string} */
            state: "waiting" | "same" | "different" | "merged";
            score: number;
            found: string | null;
            decided: string | null;
            decided_by: string | null;
            reason: string | null;
            into: string | null;
            parts: {
                /** @enum {string} */
                name: "number" | "name" | "phone" | "birthDate" | "sex" | "address";
                /** @enum {string} */
                outcome: "equal" | "near" | "differs" | "missing";
                weight: number;
                how: string | null;
            }[];
            patients: components["schemas"]["IdentityPerson"][];
        };
        IdentityLinks: {
            waiting: number;
            links: components["schemas"]["IdentityLink"][];
            next_before: string | null;
            behind: number;
        };
        IdentityMerge: {
            into: string;
            reason?: string | null;
        };
        IdentityPerson: {
            id: string;
            active: boolean;
            name: string;
            birth_date: string | null;
            sex: string | null;
            numbers: string[];
            phones: string[];
            address: string | null;
            /** Format: date-time */
            updated: string;
            source: string;
            deceased: boolean;
        };
        IdentityUndo: {
            reason?: string | null;
        };
        Issue: {
            severity: string;
            code: string;
            message: string;
            place: string | null;
        };
        LabResult: {
            ref: string;
            test: number;
            at?: string;
            value?: string;
            numeric: boolean;
            comparator?: string;
            unit?: string;
            range?: {
                low?: string;
                high?: string;
                text?: string;
            };
            flag?: string;
            status?: string;
            absent?: string;
            field: string;
        };
        LabTest: {
            key: string;
            code: components["schemas"]["CodeText"];
            category: string;
        };
        LakeState: {
            seq: number;
            head: number;
            flushed: number;
            lag_s: number;
            tail_rows: number;
            tail_bytes: number;
            failed: number;
            failure: string | null;
            problem: string | null;
            tables: {
                name: string;
                files: number;
                bytes: number;
                rows: number;
            }[];
        };
        LikelyTarget: {
            target: string;
            table: string;
            sure: number;
            why: string;
            because: components["schemas"]["Doubt"][];
            columns: {
                [key: string]: string;
            };
        };
        Lineage: {
            run?: number | null;
            provenance?: string | null;
            ref: string;
            version: number;
            source: string;
            mapping: string;
            mapping_version: string;
            hash: string;
            target: string;
            rows: {
                [key: string]: number[];
            };
            more_rows: {
                [key: string]: number;
            };
            newest?: number;
            given?: string[] | null;
            kept?: string[];
            elements: {
                element: string;
                function: string | null;
                sql: string;
                file: string;
                line: number;
                column: number;
                cells: {
                    table: string;
                    column: string;
                    row: number;
                    cell: string | null;
                    file: string;
                    number: number;
                    delivery: number;
                    corrected?: {
                        cell: string | null;
                        by: string;
                        /** Format: date-time */
                        at: string;
                        reason: string;
                    } | null;
                    arrival: components["schemas"]["RowBytes"] | null;
                }[];
                maps?: {
                    /** @enum {string} */
                    kind: "code" | "unit";
                    map: string;
                    file: string;
                    line: number | null;
                    value: string | null;
                    system: string | null;
                    code: string | null;
                    approved: {
                        by: string;
                        at: string;
                    } | null;
                }[];
            }[];
        };
        Link: {
            code: string;
            path: string;
            /** Format: date-time */
            expires: string;
            at?: string | null;
        };
        LoadVocabularies: {
            path: string;
            search?: boolean;
        };
        LoadedVocabularies: {
            version: string;
            id: string;
            /** Format: date-time */
            at: string;
            from: string;
            tables: {
                [key: string]: number;
            };
            vocabularies: {
                id: string;
                name: string;
                version: string;
                concepts: number;
                licence: string | null;
            }[];
            has_search: boolean;
            notes: string[];
        };
        MadeSource: {
            id?: number;
            name: string;
            address?: string;
            zone?: string;
            charset?: string;
            path?: string;
            mapping?: string;
            /** Format: date-time */
            added?: string;
            server?: string;
            tables?: number;
            warnings?: string[];
        };
        MadeToken: {
            id: number;
            name: string;
            scope: string;
            patient: string | null;
            token: string;
            expires: string | null;
        };
        MadeUser: {
            id: number;
            name: string;
            role: components["schemas"]["Role"];
        };
        MappingCheck: {
            problems: components["schemas"]["MappingProblem"][];
            warnings: string[];
            warnings_said: components["schemas"]["Doubt"][];
        };
        MappingFile: {
            path: string;
            text: string;
        };
        MappingFiles: {
            mapping: string;
            /** @enum {string} */
            kind: "shipped" | "own" | "folder";
            version: number | null;
            hash: string;
            files: components["schemas"]["MappingFile"][];
        };
        MappingOffers: {
            from: number;
            to: number;
            items: {
                label: string;
                insert: string;
                /** @enum {string} */
                kind: "path" | "column" | "table" | "view" | "function" | "directive" | "type" | "code" | "system" | "map" | "target" | "keyword";
                detail: string | null;
                help: string | null;
            }[];
        };
        MappingPreview: {
            problems: components["schemas"]["MappingProblem"][];
            target: string;
            type: string | null;
            complete: boolean;
            ms: number;
            elements: components["schemas"]["PreviewElement"][];
            samples: components["schemas"]["PreviewSample"][];
            unmapped: components["schemas"]["Unmapped"][];
        };
        MappingProblem: {
            file: string;
            line: number;
            column: number;
            message: string;
            hint: string | null;
        };
        MappingRun: {
            write?: boolean;
            whole?: boolean;
            version?: string | null;
            of?: {
                hash: string;
                delivery: number | null;
            } | null;
        };
        MappingVersion: {
            name: string;
            version: number;
            hash: string;
            /** Format: date-time */
            at: string;
            by: string;
            note: string | null;
        };
        Mappings: {
            sources: components["schemas"]["TableSource"][];
            shipped: string[];
            own: components["schemas"]["MappingVersion"][];
        };
        Me: {
            account: components["schemas"]["Account"];
            choices: components["schemas"]["Choices"];
            sessions: {
                id: number;
                /** Format: date-time */
                created: string;
                /** Format: date-time */
                seen: string;
                /** Format: date-time */
                expires: string;
                locked: string | null;
                from: string;
                current: boolean;
            }[];
        };
        Medication: {
            ref: string;
            code: components["schemas"]["CodeText"];
            status?: string;
            intent?: string;
            dose?: string;
            since?: string;
            until?: string;
            reason?: string;
            active: boolean;
        };
        Name: {
            text: string;
            family?: string;
            given?: string;
            prefix?: string;
            zh?: string;
        };
        NewMapping: {
            source: string;
            name?: string | null;
        };
        NewPassword: {
            old: string;
            new: string;
        };
        NewSource: {
            address?: string | null;
            name?: string | null;
            zone?: string | null;
            charset?: string | null;
            path?: string | null;
            upload?: boolean;
            url?: string | null;
            password?: string | null;
            rows_per_second?: number | null;
            hours?: string | null;
            unreached?: boolean;
            mapping?: string | null;
        };
        NewToken: {
            name: string;
            scope: string;
            patient?: string | null;
            expires?: string | null;
        };
        NewUser: {
            name: string;
            display?: string | null;
            role: components["schemas"]["Role"];
            password: string;
        };
        NumberRange: {
            count: number;
            min: string;
            max: string;
            decimals: number;
            compared: number;
            leading_zeros: number;
        };
        OmopExport: {
            folder: string;
            /** @enum {string} */
            format: "parquet" | "csv" | "duckdb";
        };
        OmopLineage: {
            table: string;
            row: number;
            values: unknown;
            ref: string;
            lineage: components["schemas"]["Lineage"] | null;
        };
        OperationOutcome: {
            /** @constant */
            resourceType: "OperationOutcome";
            issue: {
                severity: string;
                code: string;
                diagnostics?: string;
                expression?: string[];
            }[];
        };
        OwnMapping: {
            name: string;
            version: number;
            hash: string;
            /** Format: date-time */
            at: string;
            by: string;
            note: string | null;
            files: components["schemas"]["MappingFile"][];
            versions: components["schemas"]["MappingVersion"][];
        };
        Patients: {
            patients: components["schemas"]["FoundPatient"][];
            total: number;
            known: number;
            /** Format: date-time */
            as_of: string;
            seq: number;
        };
        Person: {
            name: string;
            account: string;
            role: components["schemas"]["Role"];
        };
        PreviewElement: {
            element: string;
            function: string | null;
            sql: string;
            file: string;
            line: number;
            column: number;
            origins: {
                table: string;
                column: string;
            }[];
        };
        PreviewSample: {
            rows: {
                table: string;
                row: number;
                number: number;
                delivery: number;
                file: string;
                cells: {
                    [key: string]: string | null;
                };
            }[];
            more_rows: number;
            resource: unknown;
            reasons: {
                reason: string;
                element: string | null;
                message: string;
                text: string | null;
            }[];
            remarks: {
                remark: string;
                element: string;
            }[];
        };
        PreviewedFiles: {
            files: components["schemas"]["MappingFile"][];
            source: string;
            target: string;
            rows?: number | null;
        };
        Problem: {
            ref: string;
            code: components["schemas"]["CodeText"];
            clinical?: string;
            verification?: string;
            onset?: string;
            abated?: string;
            recorded?: string;
        };
        Profile: {
            tables: components["schemas"]["TableProfile"][];
            joins: components["schemas"]["ProfileJoin"][];
            likely: components["schemas"]["LikelyTarget"][];
            encodings: {
                table: string;
                file: string;
                encoding: string;
                why: string;
            }[];
            failed: {
                table: string;
                why: string;
            }[];
            passed_over: {
                file: string;
                why: string;
            }[];
            notes: string[];
        };
        ProfileJoin: {
            from: components["schemas"]["TableColumn"];
            to: components["schemas"]["TableColumn"];
            share: number;
            values: number;
            exact: boolean;
            by_name: boolean;
        };
        Pull: {
            accept?: boolean;
            from?: string | null;
        };
        Quality: {
            definitions: string;
            checks: number;
            vocabulary: string | null;
            runs: components["schemas"]["QualityRun"][];
        };
        QualityAsked: {
            only?: string[];
        };
        QualityCheck: {
            check: string;
            kind: string;
            level: components["schemas"]["QualityLevel"];
            severity: components["schemas"]["QualitySeverity"];
            category: string;
            subcategory: string;
            table: string;
            field: string;
            concept: string | null;
            sentence: string;
            values: components["schemas"]["CheckValues"];
            threshold: number | null;
            own_threshold: boolean;
            history: {
                run: number;
                /** Format: date-time */
                at: string;
                violated: number;
                rows: number;
                percent: number;
                status: components["schemas"]["QualityStatus"];
                reason: string | null;
                because: components["schemas"]["WhyNot"] | null;
            }[];
            thresholds: {
                threshold: number | null;
                reason: string;
                who: string;
                /** Format: date-time */
                at: string;
            }[];
        };
        /** @enum {string} */
        QualityLevel: "table" | "field" | "concept";
        QualityOutcome: {
            check: string;
            kind: string;
            level: components["schemas"]["QualityLevel"];
            severity: components["schemas"]["QualitySeverity"];
            category: string;
            subcategory: string;
            table: string;
            field: string;
            concept: string | null;
            sentence: string;
            values: components["schemas"]["CheckValues"];
            threshold: number | null;
            own_threshold: boolean;
            violated: number;
            rows: number;
            percent: number;
            status: components["schemas"]["QualityStatus"];
            reason: string | null;
            because: components["schemas"]["WhyNot"] | null;
            before: {
                run: number;
                violated: number;
                rows: number;
                status: components["schemas"]["QualityStatus"];
            } | null;
        };
        QualityOutcomes: {
            run: components["schemas"]["QualityRun"];
            outcomes: components["schemas"]["QualityOutcome"][];
        };
        QualityRows: {
            sql: string;
            columns: string[];
            rows: unknown[][];
            refs: (string | null)[];
            more: boolean;
        };
        QualityRun: {
            run: number;
            /** Format: date-time */
            at: string;
            who: string;
            seq: number;
            seconds: number;
            definitions: string;
            vocabulary: string | null;
            checks: number;
            passed: number;
            failed: number;
            not_applicable: number;
        };
        /** @enum {string} */
        QualitySeverity: "fatal" | "convention" | "characterization";
        /** @enum {string} */
        QualityStatus: "passed" | "failed" | "not-applicable";
        QualityThreshold: {
            threshold: number | null;
            reason: string;
        };
        QualityThresholds: {
            thresholds: {
                check: string;
                threshold: number;
                of_definition: number | null;
                reason: string;
                who: string;
                /** Format: date-time */
                at: string;
            }[];
        };
        Question: {
            sql: string;
            limit?: number | null;
            format?: "json" | "csv" | "arrow" | "parquet" | "table" | null;
            timeout_s?: number | null;
        };
        Reads: {
            events: {
                /** Format: date-time */
                at: string;
                who: string;
                from: string;
                action: string;
                query: string;
                outcome: string;
                count: number;
            }[];
        };
        Ready: {
            /** @constant */
            status: "ready";
        };
        Refusal: {
            error: {
                code: string;
                message: string;
                issues: components["schemas"]["Issue"][];
                at?: number;
                line?: number;
                column?: number;
                hint?: string;
                said?: components["schemas"]["Doubt"];
                doubts?: components["schemas"]["Doubt"][];
                problems?: components["schemas"]["MappingProblem"][];
            };
        };
        Replayed: {
            stored: number;
            unchanged: number;
            arrivals: number[];
        };
        Report: {
            stopped: boolean;
            stored: number;
            unchanged: number;
            deleted: number;
            arrivals: number;
            issues: {
                file: string;
                place: string;
                offset: number | null;
                message: string;
                hint: string | null;
                dead_letter: number | null;
            }[];
            issue_count: number;
            remarks: number;
            dead_letters: number;
            dealt_with: number;
            seconds: number;
            files: number;
            bytes: number;
            types: {
                [key: string]: number;
            };
            unmapped: {
                [key: string]: number;
            };
        };
        RevokeCodes: {
            source: string;
            map: string;
            kind?: string | null;
            value: string;
        };
        RevokedCodes: {
            revoked: number;
        };
        /** @enum {string} */
        Role: "admin" | "security-officer" | "auditor" | "clinician";
        RowBytes: {
            no: number;
            offset: number;
            length: number;
            encoding: string | null;
        };
        Run: {
            run: number;
            /** @enum {string} */
            state: "running" | "paused" | "interrupted" | "failed" | "done" | "undone";
            /** Format: date-time */
            begun: string;
            ended: string | null;
            who: string;
            mapping: string;
            version: string;
            hash: string;
            delivery: number | null;
            counts: {
                rows: number;
                resources: number;
                merged: number;
                filtered: number;
                rejected: number;
                new: number;
                changed: number;
                equal: number;
                gone: number;
                refused: number;
            } | null;
            problem: string | null;
            problem_said?: components["schemas"]["Doubt"] | null;
        };
        RunReason: {
            reason: string;
            element: string | null;
            /** @enum {string} */
            effect: "rejected" | "left-out" | "remark";
            count: number;
            of?: number | null;
            rows?: number;
            further?: number;
            examples: {
                table: string;
                row: number | null;
                delivery?: number | null;
                message: string;
                text: string | null;
            }[];
        };
        RunReport: {
            run?: number;
            delivery?: number | null;
            source: string;
            mapping: string;
            version: string;
            hash: string;
            written: boolean;
            targets: components["schemas"]["RunTarget"][];
            not_delivered: string[];
            notes: string[];
            notes_said?: components["schemas"]["Doubt"][];
            new: number;
            changed: number;
            equal: number;
            gone: number;
            refused: number;
            unmapped: {
                kind: string;
                map: string;
                value: string;
                display: string | null;
                count: number;
            }[];
            arrival: number | null;
            seconds: number;
        };
        RunTarget: {
            name: string;
            type: string;
            table: string;
            rows: number;
            resources: number;
            merged: number;
            filtered: number;
            rejected: number;
            table_rows: number;
            child_rows: number;
            child_rejected: number;
            met?: number;
            kept?: {
                element: string;
                count: number;
            }[];
            /** @enum {string} */
            mapped?: "whole" | "part" | "nothing";
            mapped_rows?: number | null;
            why_whole?: string | null;
            why_whole_code?: string | null;
            reasons: components["schemas"]["RunReason"][];
            remarks: components["schemas"]["RunReason"][];
        };
        RunWithReport: {
            run: components["schemas"]["Run"];
            report: components["schemas"]["RunReport"] | null;
            csv: string | null;
        };
        Runs: {
            runs: components["schemas"]["Run"][];
            next_before: number | null;
        };
        SavedFiles: {
            files: components["schemas"]["MappingFile"][];
            base?: number | null;
            note?: string | null;
        };
        SavedMapping: {
            name: string;
            version: number;
            hash: string;
            /** Format: date-time */
            at: string;
            by: string;
            note: string | null;
            problems: number;
            sources: string[];
        };
        Session: {
            person: components["schemas"]["Person"] | null;
            principal?: string;
            locked: boolean;
            scopes: string;
            administers: boolean;
            duties: ("system" | "security" | "audit")[];
            features: string[];
            csrf: string | null;
            zone: string;
            build: string;
        };
        SetUp: {
            open: boolean;
        };
        SetUpCode: {
            open: boolean;
            valid: boolean;
        };
        SignIn: {
            name: string;
            password: string;
        };
        SignedIn: {
            person: components["schemas"]["Person"];
            csrf: string;
            zone: string;
            build: string;
            /** Format: date-time */
            expires: string;
        };
        Source: {
            version: number;
            arrival: components["schemas"]["Arrival"];
            offset: number;
            length: number;
            file_offset: number;
        };
        SourceAfter: {
            name: string;
            path: string;
            mapping: string;
            /** Format: date-time */
            added: string;
            server?: string;
            tables?: number;
            warnings?: string[];
        };
        SourcePassword: {
            password: string;
        };
        SourceRow: {
            table: string;
            row: number;
            file: string;
            number: number;
            delivery: number;
            current: boolean;
            arrival: components["schemas"]["RowBytes"] | null;
            cells: {
                [key: string]: string | null;
            };
        };
        SourceTables: {
            tables: {
                name: string;
                columns: string[];
                rows: number;
                file: string;
                delivery: number;
                /** Format: date-time */
                at: string;
            }[];
        };
        Sources: {
            sources: {
                id: number;
                name: string;
                address: string;
                zone: string;
                charset: string;
                /** Format: date-time */
                created: string;
            }[];
            tables: components["schemas"]["TableSource"][];
        };
        SqlAnswer: {
            columns: {
                name: string;
                type: string;
            }[];
            rows: unknown[][];
            truncated: boolean;
            ms: number;
            seq: number;
            lag_s: number;
        };
        SqlTables: {
            tables: {
                name: string;
                comment: string;
                columns: {
                    name: string;
                    type: string;
                    comment: string;
                }[];
            }[];
        };
        Status: {
            build: string;
            zone: string;
            /** Format: date-time */
            now: string;
            /** Format: date-time */
            started: string;
            uptime_seconds: number;
            feed: number;
            resources?: number;
            types?: {
                [key: string]: number;
            };
            arrivals?: number;
            dead_letters?: number;
            no_map?: {
                [key: string]: number;
            };
            lake?: {
                seq: number;
                flushed: number;
                lag_s: number;
                problem: string | null;
            };
            data?: string;
            backup?: {
                taken: string | null;
                problem: string | null;
                place: string;
            } | null;
            late_sources?: string[];
            failed_pulls?: string[];
            failed_runs?: string[];
            disk_bytes?: {
                records: number;
                arrivals: number;
                audit: number;
                access: number;
                lake: number;
            };
        };
        SuggestCodes: {
            source: string;
            map: string;
            kind?: string | null;
            values?: string[];
            limit?: number | null;
        };
        SuggestedCodes: {
            source: string;
            map: string;
            /** @enum {string} */
            kind: "code" | "unit";
            values: {
                value: string;
                display: string | null;
                suggestions: {
                    system: string;
                    code: string;
                    display: string;
                    score: number;
                    why: string;
                    because: {
                        code: string;
                        values: {
                            name?: string;
                            sound?: string;
                            percent?: number;
                        };
                    };
                    from: string;
                }[];
            }[];
        };
        TableColumn: {
            table: string;
            column: string;
        };
        TableProfile: {
            name: string;
            file: string;
            rows: number;
            bad: number;
            bad_example: string | null;
            keys: {
                columns: string[];
                exact: boolean;
                lacks?: {
                    repeats: number;
                    empty: number;
                } | null;
                said?: string | null;
            }[];
            columns: components["schemas"]["ColumnProfile"][];
        };
        TableSource: {
            name: string;
            path: string;
            mapping: string;
            /** Format: date-time */
            added: string;
            last?: {
                delivery: number;
                /** Format: date-time */
                at: string;
            } | null;
            pulled?: string | null;
            next?: string | null;
            late?: boolean;
            problem?: string;
            problem_said?: components["schemas"]["Doubt"];
            doubts?: components["schemas"]["Doubt"][];
            run_problem?: string;
            run_problem_said?: components["schemas"]["Doubt"];
        };
        Token: {
            id: number;
            name: string;
            scope: string;
            patient: string | null;
            /** Format: date-time */
            created: string;
            created_by: string;
            expires: string | null;
            used: string | null;
            revoked: string | null;
        };
        Tokens: {
            tokens: components["schemas"]["Token"][];
        };
        UndoRun: {
            run?: number | null;
            dry_run?: boolean;
        };
        Undone: {
            deleted: number;
            restored: number;
            left: {
                type: string;
                id: string;
                version: number;
                written: number;
                again: number | null;
            }[];
            referring: {
                [key: string]: number;
            };
            arrivals: number[];
            arrival: components["schemas"]["Arrival"] | null;
        };
        UndoneRun: {
            run: number;
            later_runs?: number[];
            deleted: number;
            restored: number;
            provenance: number;
            left: {
                type: string;
                id: string;
                version: number;
                written: number;
                again: number | null;
            }[];
            referring: {
                [key: string]: number;
            };
            arrivals: number[];
            arrival: components["schemas"]["Arrival"] | null;
        };
        Unlock: {
            password: string;
        };
        Unmapped: {
            /** @enum {string} */
            kind: "code" | "unit";
            map: string;
            value: string;
            display: string | null;
            count: number;
        };
        UnmappedCode: {
            /** @enum {string} */
            kind: "code" | "unit";
            map: string;
            value: string;
            display: string | null;
            count: number;
            approved: components["schemas"]["Approval"][];
        };
        UnmappedCodes: {
            source: string;
            mapping: string;
            at: string | null;
            written: boolean | null;
            unmapped: components["schemas"]["UnmappedCode"][];
            approvals: components["schemas"]["Approval"][];
            maps: components["schemas"]["CodeMap"][];
        };
        Users: {
            users: components["schemas"]["Account"][];
        };
        Vocabularies: {
            loaded: components["schemas"]["LoadedVocabularies"] | null;
        };
        Where: {
            ref: string;
            versions: {
                version: number;
                /** Format: date-time */
                at: string;
                /** @enum {string} */
                change: "created" | "updated" | "deleted";
                seq: number;
                arrival: components["schemas"]["Arrival"];
                offset: number;
                length: number;
                charset: string | null;
            }[];
            total: number;
        };
        WhereElements: {
            ref: string;
            version: number;
            arrival: number;
            elements: {
                element: string;
                xpath: string;
                offset: number;
                length: number;
            }[];
        };
        WhyNot: {
            code: string;
            values: {
                name?: string;
                concept?: string;
            };
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export type operations = Record<string, never>;
