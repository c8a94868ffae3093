using Microsoft.Extensions.Logging;

namespace Prefork.AspNetCore.Transport;

/// <summary>
/// Wraps the application's logger for the loop's threads. Its providers are the application's and may block or throw: so it writes on the
/// thread pool, and swallows exceptions.
/// </summary>
internal sealed class LoopLogger(ILogger logger) : ILogger
{
    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => logger.BeginScope(state);

    public bool IsEnabled(LogLevel logLevel)
    {
        try
        {
            return logger.IsEnabled(logLevel);
        }
        catch (Exception)
        {
            return false;
        }
    }

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (Thread.CurrentThread.IsThreadPoolThread)
        {
            Write(logLevel, eventId, state, exception, formatter);
        }
        else
        {
            ThreadPool.UnsafeQueueUserWorkItem(_ => Write(logLevel, eventId, state, exception, formatter), null);
        }
    }

    private void Write<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        try
        {
            logger.Log(logLevel, eventId, state, exception, formatter);
        }
        catch (Exception)
        {
            // The logger itself has failed: there is nowhere to report it.
        }
    }
}
