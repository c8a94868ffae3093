using System.Runtime.CompilerServices;

namespace Prefork.Conformance;

/// <summary>One of Node's tests, ported: a fact with the name that it has there.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class NodeTestAttribute(string name, [CallerFilePath] string? file = null, [CallerLineNumber] int line = -1) : FactAttribute(file, line)
{
    /// <summary>The name of Node's file, without its folder and ending.</summary>
    public string Name => name;

    /// <summary>What is otherwise here than there although the test passes; null when nothing is.</summary>
    public string? Differs { get; set; }
}
