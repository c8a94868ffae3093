using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Prefork.AspNetCore.Tests;

/// <summary>What a server has logged.</summary>
internal sealed class RecordedLog : ILoggerProvider
{
    private readonly ConcurrentQueue<Entry> _entries = new();
    private readonly SemaphoreSlim _added = new(0);

    internal IReadOnlyCollection<Entry> Entries => _entries;

    public ILogger CreateLogger(string categoryName) => new Logger(this, categoryName);

    /// <summary>Ends when there is such an event.</summary>
    internal async Task WaitForAsync(Func<Entry, bool> isWanted)
    {
        while (!_entries.Any(isWanted))
        {
            Assert.True(await _added.WaitAsync(TestServer.Patience), "It was not logged.");
        }
    }

    public void Dispose()
    {
        // What is logged late finds it as it was.
    }

    private void Add(Entry entry)
    {
        _entries.Enqueue(entry);
        _added.Release();
    }

    internal sealed record Entry(string Category, LogLevel Level, EventId Id, string Text);

    private sealed class Logger(RecordedLog log, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
            => log.Add(new Entry(category, logLevel, eventId, formatter(state, exception)));
    }
}
