//! The connection that diesel drives: waits for the asynchronous one, and notes when work must be done anew.

use super::address::{Address, Role};
use super::tls;
use crate::files;
use crate::store::Error;
use diesel::connection::{
    AnsiTransactionManager, CacheSize, Connection, Instrumentation, LoadConnection, SimpleConnection,
};
use diesel::internal::derives::multiconnection::{ConnectionSealed, MultiConnectionHelper};
use diesel::pg::{Pg, PgMetadataLookup, PgTypeMetadata};
use diesel::query_builder::{Query, QueryFragment, QueryId};
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use diesel::{ConnectionResult, QueryResult};
use diesel_async::{AsyncConnection, AsyncConnectionCore, AsyncPgConnection, SimpleAsyncConnection};
use futures_util::TryStreamExt;
use std::any::Any;
use tokio::runtime::{Builder, Runtime};

/// Longest password file.
const LONGEST_PASSWORD_BYTES: u64 = 1024;

/// A connection to PostgreSQL, used by one thread at a time.
pub(in crate::store) struct PgConnection(Box<Parts>);

struct Parts {
    // Before the runtime, on which its socket lives.
    inner: AsyncPgConnection,
    transactions: AnsiTransactionManager,
    runtime: Runtime,
    met_conflict: bool,
    has_failed: bool,
}

impl PgConnection {
    /// Connects as `role`, and never without the TLS that its address asks for.
    pub(in crate::store) fn open(role: &Role) -> Result<Self, Error> {
        let failed = |reason: String| Error::Database { doing: "connect to the database", reason };
        let runtime = Builder::new_current_thread().enable_all().build().map_err(|e| failed(e.to_string()))?;
        let address = Address::parse(&role.url).map_err(|e| Error::Refused(e.to_string()))?;
        let mut config = address.config().clone();
        if let Some(file) = &role.password_file {
            let password = files::read_secret(file, LONGEST_PASSWORD_BYTES)?;
            config.password(password.trim_ascii_end());
        }
        // The driver's text is short; what the server or TLS said stands in its source.
        let whole = |e: tokio_postgres::Error| {
            let source = std::error::Error::source(&e).map(|s| format!(": {s}")).unwrap_or_default();
            failed(format!("{e}{source}"))
        };
        let wrap = |e: diesel::ConnectionError| failed(e.to_string());
        let inner = match address.verified_by() {
            None => runtime.block_on(async {
                let (client, connection) = config.connect(tokio_postgres::NoTls).await.map_err(whole)?;
                AsyncPgConnection::try_from_client_and_connection(client, connection).await.map_err(wrap)
            }),
            Some(authority) => {
                let tls = tls::connector(authority.as_deref())?;
                runtime.block_on(async {
                    let (client, connection) = config.connect(tls).await.map_err(whole)?;
                    AsyncPgConnection::try_from_client_and_connection(client, connection).await.map_err(wrap)
                })
            }
        }?;
        let transactions = AnsiTransactionManager::default();
        Ok(Self(Box::new(Parts { inner, transactions, runtime, met_conflict: false, has_failed: false })))
    }

    /// Whether a conflict of transactions happened since the last question: worth doing anew.
    pub(in crate::store) const fn take_conflict(&mut self) -> bool {
        std::mem::replace(&mut self.0.met_conflict, false)
    }

    /// Whether anything failed since the last question: the open transaction is then good for nothing but its end, or the end
    /// of the part that failed.
    pub(in crate::store) const fn take_failed(&mut self) -> bool {
        std::mem::replace(&mut self.0.has_failed, false)
    }

    fn note<T>(&mut self, result: QueryResult<T>) -> QueryResult<T> {
        self.0.has_failed |= result.is_err();
        self.0.met_conflict |= result.as_ref().err().is_some_and(is_conflict);
        result
    }
}

/// Whether the server ended a transaction because of another one (SQLSTATE 40001 or 40P01).
fn is_conflict(e: &DieselError) -> bool {
    match e {
        DieselError::DatabaseError(DatabaseErrorKind::SerializationFailure, _) => true,
        // diesel has no kind for it. A server that speaks another language is not understood here; the error is then given
        // to whoever asked, and nothing is lost.
        DieselError::DatabaseError(DatabaseErrorKind::Unknown, info) => info.message().starts_with("deadlock detected"),
        _ => false,
    }
}

impl SimpleConnection for PgConnection {
    fn batch_execute(&mut self, query: &str) -> QueryResult<()> {
        let result = self.0.runtime.block_on(self.0.inner.batch_execute(query));
        self.note(result)
    }
}

impl ConnectionSealed for PgConnection {}

impl Connection for PgConnection {
    type Backend = Pg;
    type TransactionManager = AnsiTransactionManager;

    /// Never used: a URL alone does not say whom to trust.
    fn establish(_: &str) -> ConnectionResult<Self> {
        Err(diesel::ConnectionError::BadConnection("open it by its address".to_owned()))
    }

    fn execute_returning_count<T>(&mut self, source: &T) -> QueryResult<usize>
    where
        T: QueryFragment<Pg> + QueryId,
    {
        let result = self.0.runtime.block_on(self.0.inner.execute_returning_count(source));
        self.note(result)
    }

    fn transaction_state(&mut self) -> &mut AnsiTransactionManager {
        &mut self.0.transactions
    }

    fn instrumentation(&mut self) -> &mut dyn Instrumentation {
        AsyncConnection::instrumentation(&mut self.0.inner)
    }

    fn set_instrumentation(&mut self, instrumentation: impl Instrumentation) {
        AsyncConnection::set_instrumentation(&mut self.0.inner, instrumentation);
    }

    fn set_prepared_statement_cache_size(&mut self, size: CacheSize) {
        AsyncConnection::set_prepared_statement_cache_size(&mut self.0.inner, size);
    }
}

type PgRow = <AsyncPgConnection as AsyncConnectionCore>::Row<'static, 'static>;

impl LoadConnection for PgConnection {
    type Cursor<'conn, 'query> = std::vec::IntoIter<QueryResult<PgRow>>;
    type Row<'conn, 'query> = PgRow;

    fn load<'conn, 'query, T>(&'conn mut self, source: T) -> QueryResult<Self::Cursor<'conn, 'query>>
    where
        T: Query + QueryFragment<Pg> + QueryId + 'query,
        Pg: diesel::expression::QueryMetadata<T::SqlType>,
    {
        let result = self.0.runtime.block_on(async {
            let rows = self.0.inner.load(source).await?;
            rows.map_ok(Ok).try_collect::<Vec<_>>().await
        });
        Ok(self.note(result)?.into_iter())
    }
}

impl diesel::migration::MigrationConnection for PgConnection {
    fn setup(&mut self) -> QueryResult<usize> {
        // `migrate` keeps its own list.
        Ok(0)
    }
}

/// Looks up no type: every column here is of a built-in one, whose number diesel knows.
struct BuiltIn;

impl PgMetadataLookup for BuiltIn {
    fn lookup_type(&mut self, _: &str, _: Option<&str>) -> PgTypeMetadata {
        // Number 0 leaves the type to the server.
        PgTypeMetadata::new(0, 0)
    }
}

type Lookup = <Pg as diesel::sql_types::TypeMetadata>::MetadataLookup;

impl MultiConnectionHelper for PgConnection {
    fn to_any<'a>(_: &mut Lookup) -> &mut (dyn Any + 'a) {
        // A value without size: nothing is allocated, so nothing leaks.
        Box::leak(Box::new(BuiltIn))
    }

    fn from_any(lookup: &mut dyn Any) -> Option<&mut Lookup> {
        lookup.downcast_mut::<BuiltIn>().map(|l| l as &mut dyn PgMetadataLookup)
    }
}
