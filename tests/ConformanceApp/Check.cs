using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace ConformanceApp;

/// <summary>Assertions. One that fails, fails the process: nobody catches it, wherever it is made.</summary>
internal static class Check
{
    internal static void True([DoesNotReturnIf(false)] bool condition, [CallerArgumentExpression(nameof(condition))] string what = "")
    {
        if (!condition)
        {
            throw new CheckFailedException($"not so: {what}");
        }
    }

    internal static void Equal<T>(T expected, T actual, [CallerArgumentExpression(nameof(actual))] string what = "")
    {
        if (!EqualityComparer<T>.Default.Equals(expected, actual))
        {
            throw new CheckFailedException($"{what} is '{actual}', and not '{expected}'");
        }
    }

    /// <summary>Fails unless this very kind of exception comes.</summary>
    internal static async Task<TException> ThrowsAsync<TException>(Func<Task> action, [CallerArgumentExpression(nameof(action))] string what = "")
        where TException : Exception
    {
        try
        {
            await action();
        }
        catch (TException exception)
        {
            return exception;
        }

        throw new CheckFailedException($"{what} did not throw {typeof(TException).Name}");
    }

    internal static TException Throws<TException>(Action action, [CallerArgumentExpression(nameof(action))] string what = "")
        where TException : Exception
    {
        try
        {
            action();
        }
        catch (TException exception)
        {
            return exception;
        }

        throw new CheckFailedException($"{what} did not throw {typeof(TException).Name}");
    }
}

internal sealed class CheckFailedException(string message) : Exception(message);
