namespace Prefork.Loop;

/// <summary>What the <see cref="Dispatcher"/> runs. A message is one itself, so that nothing has to be made around it.</summary>
internal interface IDispatched
{
    void Run();
}
