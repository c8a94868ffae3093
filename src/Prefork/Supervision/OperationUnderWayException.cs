namespace Prefork.Supervision;

/// <summary>One thing at a time: another operation is under way, and this one is not to wait for it.</summary>
internal sealed class OperationUnderWayException(string operation)
    : InvalidOperationException($"Not now: {operation} is under way. Wait for it to end, or queue behind it.");
